namespace DataLake.SampleSource;

/// <summary>Writes the fields of one row, in the order of the table's columns.</summary>
internal delegate void SampleRowWriter(CopyRowBuffer fields, long id, SampleMoments moments, ref SampleRandom random);

/// <summary>A table of the sample, and how its rows are made.</summary>
/// <param name="Name">In schema public.</param>
/// <param name="Columns">How many.</param>
/// <param name="Write">Makes a row.</param>
internal sealed record SampleTable(string Name, short Columns, SampleRowWriter Write)
{
    internal static readonly SampleTable[] All =
    [
        new("deposits", 17, SampleAccounts.WriteDeposit),
        new("investments", 16, SampleAccounts.WriteInvestment),
        new("loans", 16, SampleAccounts.WriteLoan),
        new("shipments", 22, SampleShipments.Write),
    ];

    /// <summary>Its share of all rows; the shares of all tables add up.</summary>
    internal long RowsOf(long total) => Name == "shipments" ? total - (total / 10 * 3) : total / 10;
}
