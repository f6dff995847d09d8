namespace DataLake.SampleSource;

/// <summary>Deposits, investments and loans of invented customers.</summary>
internal static class SampleAccounts
{
    private static readonly string[] FirstNames =
    [
        "Amara", "Benjamin", "Chloé", "Daniel", "Elena", "Farid", "Grace", "Hiroshi", "Ingrid", "José", "Kofi", "Layla", "Mateo", "Nadia",
        "Oluwaseun", "Priya", "Quentin", "Rosa", "Søren", "Tomasz", "Uma", "Viktor", "Wei", "Ximena", "Yusuf", "Zoë",
    ];

    private static readonly string[] LastNames =
    [
        "Abbott", "Bauer", "Castillo", "Dubois", "Eriksson", "Fernandez", "Garcia", "Hoang", "Ivanova", "Johnson", "Kowalski", "Larsen", "Müller",
        "Nguyen", "O'Brien", "Patel", "Quinn", "Rossi", "Sato", "Tanaka", "Ueda", "Varga", "Williams", "Xu", "Yılmaz", "Zhang",
    ];

    private static readonly string[] Currencies = ["USD", "USD", "USD", "USD", "EUR", "EUR", "GBP", "JPY", "CHF"];
    private static readonly string[] Channels = ["branch", "online", "mobile", "phone"];
    private static readonly string[] Instruments = ["equity", "bond", "fund", "etf", "note"];
    private static readonly string[] IsinCountries = ["US", "DE", "FR", "GB", "IE", "LU"];
    private static readonly string[] Collaterals = ["""{"kind": "house", "rank": 1}""", """{"kind": "car", "year": 2019}""", """{"kind": "deposit", "pledged": true}"""];

    internal static void WriteDeposit(CopyRowBuffer fields, long id, SampleMoments moments, ref SampleRandom random)
    {
        var amount = (long)random.Between(1_00, 2_000_000_00);
        fields.BigInt(id);
        WriteCustomer(fields, "DE", ref random);
        fields.Code("B", random.Between(1, 250), 3);
        fields.Numeric(amount, 2);
        fields.Numeric((amount * random.Between(0, 400) / 100) - 50_00, 2);
        fields.Text(random.Pick(Currencies));
        fields.Numeric(random.Between(0, 525_00), 4);
        fields.Date(moments.CreatedDay);
        WriteDayOrNull(fields, moments.CreatedDay.AddMonths(random.Between(3, 60)), random.Chance(0.5));
        fields.Boolean(random.Chance(0.2));
        fields.Text(random.Pick(Channels));
        fields.Uuid(random.Next(), random.Next());
        if (random.Chance(0.1))
        {
            fields.Text("Called back; wants a statement by post,\n\"as always\".");
        }
        else
        {
            fields.Null();
        }

        WriteMoments(fields, moments);
    }

    internal static void WriteInvestment(CopyRowBuffer fields, long id, SampleMoments moments, ref SampleRandom random)
    {
        fields.BigInt(id);
        WriteCustomer(fields, "IN", ref random);
        fields.Text(random.Pick(Instruments));
        fields.Code(random.Pick(IsinCountries), random.Between(0, int.MaxValue - 1), 10);
        fields.Numeric(random.Between(1, int.MaxValue - 1), 6);
        fields.Numeric(random.Between(1_0000, 900_0000), 4);
        fields.Text(random.Pick(Currencies));
        fields.Date(moments.CreatedDay);
        WriteDayOrNull(fields, moments.CreatedDay.AddDays(2), random.Chance(0.8));
        if (random.Chance(0.9))
        {
            fields.SmallInt(random.Between(1, 7));
        }
        else
        {
            fields.Null();
        }

        fields.Boolean(random.Chance(0.3));
        fields.Jsonb($$"""{"desk": "{{random.Pick(Channels)}}", "lots": {{random.Between(1, 40)}}, "tags": ["esg", "core"], "fee": 0.{{random.Between(10, 99)}}}""");
        WriteMoments(fields, moments);
    }

    internal static void WriteLoan(CopyRowBuffer fields, long id, SampleMoments moments, ref SampleRandom random)
    {
        var principal = (long)random.Between(1_000_00, 900_000_00);
        var paidOff = random.Chance(0.08);
        var inArrears = !paidOff && random.Chance(0.06);
        fields.BigInt(id);
        WriteCustomer(fields, "LO", ref random);
        fields.Numeric(principal, 2);
        fields.Numeric(paidOff ? 0 : principal * random.Between(1, 100) / 100, 2);
        fields.Text(random.Pick(Currencies));
        fields.Numeric(random.Between(1_00000, 19_99999), 5);
        fields.Integer(random.Between(1, 30) * 12);
        fields.Date(moments.CreatedDay);
        WriteDayOrNull(fields, DateOnly.FromDateTime(moments.Updated), paidOff);
        fields.Boolean(inArrears);
        if (inArrears)
        {
            fields.Integer(random.Between(1, 180));
        }
        else
        {
            fields.Null();
        }

        if (random.Chance(0.4))
        {
            fields.Jsonb(random.Pick(Collaterals));
        }
        else
        {
            fields.Null();
        }

        WriteMoments(fields, moments);
    }

    private static void WriteCustomer(CopyRowBuffer fields, string kind, ref SampleRandom random)
    {
        var first = random.Below(FirstNames.Length);
        var last = random.Below(LastNames.Length);
        var number = random.Below(1_000_000);
        fields.Code(kind, (number * 7919L) + 100_000_000L, 12);
        fields.Text($"{FirstNames[first]} {LastNames[last]}");
        fields.Text($"customer{number}@example.com");
    }

    private static void WriteDayOrNull(CopyRowBuffer fields, DateOnly day, bool isKnown)
    {
        if (isKnown)
        {
            fields.Date(day);
        }
        else
        {
            fields.Null();
        }
    }

    private static void WriteMoments(CopyRowBuffer fields, SampleMoments moments)
    {
        fields.Timestamp(moments.Created);
        fields.Timestamp(moments.Updated);
    }
}
