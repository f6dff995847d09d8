namespace DataLake.Pipelines.Yaml;

/// <summary>A place in a file; both count from 1.</summary>
internal readonly record struct Position(int Line, int Column);
