namespace DataLake.Benchmarks.Reporting;

/// <summary>A column of a table of results.</summary>
/// <param name="Key">Its name for programs.</param>
/// <param name="Header">Its name for people, with the unit.</param>
/// <param name="Format">How numbers are written for people; programs get them whole.</param>
internal sealed record Column(string Key, string Header, string Format = "");
