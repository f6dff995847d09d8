using DataLake.EndToEnd.Tests.Hosting;
using DataLake.Testing;
using Shouldly;

namespace DataLake.EndToEnd.Tests.CommandLine;

/// <summary>Runs what the README tells people to type, in a folder of its own.</summary>
public sealed class ReadmeTests
{
    private const string Host = "dotnet run --project DataLake.AppHost";

    [Fact]
    public async Task The_commands_of_the_readme_work_as_they_are_written()
    {
        TestPostgres.SkipWithoutPrograms();
        var root = Root();
        var readme = await File.ReadAllLinesAsync(Path.Combine(root, "README.md"));
        var commands = ShellLines(readme).ToList();
        commands.ShouldContain(Host);
        commands.ShouldContain("dotnet test");

        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.In("samples"));
        File.CreateSymbolicLink(folder.In("samples/pipelines"), Path.Combine(root, "samples", "pipelines"));
        foreach (var command in commands.Where(command => command != "dotnet test"))
        {
            await RunAsync(command, folder.Path, readme);
        }
    }

    private static async Task RunAsync(string command, string folder, string[] readme)
    {
        if (command == Host)
        {
            await using var host = ProgramRun.Start("DataLake.AppHost.dll", folder, ["--rows", "1000", "--port", "0"]);
            await host.SaysAsync("public.shipments");
            host.AskToStop();
            (await host.EndAsync()).ShouldBe(0, host.Everything);
        }
        else if (command.StartsWith(Host + " -- ", StringComparison.Ordinal))
        {
            // As it is typed, but for the build, which the tests have made.
            var configuration = AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Release" : "Debug";
            await using var once = ProgramRun.StartDotnet(
                folder, ["run", "--no-build", "-c", configuration, "--project", Path.Combine(Root(), "DataLake.AppHost"), .. command[(Host.Length + 1)..].Split(' ')]);
            (await once.EndAsync()).ShouldBe(0, once.Everything);
            Directory.Exists(Path.Combine(folder, ".datalake", "lake")).ShouldBeTrue("the lake is in the folder where the command was typed");
            // The summary has the columns that the README shows.
            var header = readme.First(line => line.StartsWith("│ Table", StringComparison.Ordinal));
            var columns = header.Split('│', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            once.Output.Split('\n').ShouldContain(line => columns.All(line.Contains));
        }
        else
        {
            command.ShouldStartWith("lake ");
            await using var lake = ProgramRun.Start("lake.dll", folder, command.Split(' ')[1..]);
            (await lake.EndAsync()).ShouldBe(0, $"{command}\n{lake.Everything}");
        }
    }

    private static IEnumerable<string> ShellLines(IEnumerable<string> readme)
    {
        var inside = false;
        foreach (var line in readme)
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                inside = line == "```sh";
            }
            else if (inside && line.Length > 0)
            {
                yield return line;
            }
        }
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "DataLake.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("DataLake.sln is in no folder above the tests.");
    }
}
