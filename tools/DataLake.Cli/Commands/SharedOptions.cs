using System.CommandLine;

namespace DataLake.Cli.Commands;

/// <summary>Options that mean the same in every command.</summary>
internal static class SharedOptions
{
    public static Option<bool> Json { get; } = new("--json") { Description = "Print JSON for programs." };

    public static Option<string?> Pipeline { get; } = new("--pipeline") { Description = "The pipeline." };
}
