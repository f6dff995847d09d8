namespace DataLake.SampleSource;

/// <summary>Shipments as a freight survey describes them: places, goods and modes by code, and how many shipments each stands for.</summary>
internal static class SampleShipments
{
    private static readonly string[] Countries = ["CA", "MX", "CN", "DE", "JP", "GB", "BR"];
    private static readonly string[] Hazards = ["N", "N", "N", "N", "N", "N", "N", "N", "H", "P"];
    private static readonly int[] Modes = [3, 4, 5, 5, 5, 6, 7, 11, 13, 14, 15, 16];
    private static readonly TimeSpan LongestTransit = TimeSpan.FromDays(9);

    internal static void Write(CopyRowBuffer fields, long id, SampleMoments moments, ref SampleRandom random)
    {
        var isExport = random.Chance(0.07);
        var distance = random.Between(3, 2_800);

        // Most shipments are small: the square of an even choice.
        var size = random.Fraction();
        var weight = 1 + (int)(size * size * 90_000);

        fields.BigInt(id);
        fields.Code("", random.Between(1, 56), 2);
        fields.Code("", random.Between(100, 640), 5);
        fields.Code("", random.Between(1, 56), 2);
        fields.Code("", random.Between(100, 640), 5);
        fields.SmallInt(((moments.Created.Month - 1) / 3) + 1);
        fields.Code("", random.Between(1, 43), 2);
        fields.Code("", random.Between(2111, 5511), 4);
        fields.SmallInt(random.Pick(Modes));
        fields.Numeric((long)weight * random.Between(20, 4_000), 2);
        fields.Integer(weight);
        fields.Integer(distance);
        fields.Integer(distance + (distance * random.Between(4, 38) / 100));
        fields.Boolean(random.Chance(0.06));
        fields.Boolean(isExport);
        if (isExport)
        {
            fields.Text(random.Pick(Countries));
        }
        else
        {
            fields.Null();
        }

        fields.Text(random.Pick(Hazards));
        fields.Double(1 + (random.Fraction() * 900));
        fields.Timestamp(moments.Created);
        if (moments.AfterCreation(LongestTransit, ref random) is { } delivered)
        {
            fields.Timestamp(delivered);
        }
        else
        {
            fields.Null();
        }

        fields.Timestamp(moments.Created);
        fields.Timestamp(moments.Updated);
    }
}
