using DataLake.EndToEnd.Tests.Hosting;
using DataLake.Testing;
using Shouldly;

namespace DataLake.EndToEnd.Tests.Lake;

/// <summary>The system as it runs by default: with a private cluster and the sample source.</summary>
public sealed class EmbeddedClusterTests
{
    [Fact]
    public async Task A_host_with_its_own_cluster_is_killed_and_goes_on_where_it_stopped()
    {
        TestPostgres.SkipWithoutPrograms();
        using var folder = new TemporaryFolder();
        await using (var host = ProgramRun.Start("DataLake.AppHost.dll", folder.Path, ["--rows", "2000"]))
        {
            await host.SaysAsync("public.shipments");
            host.Kill();
            (await host.EndAsync()).ShouldBe(137);
        }

        await using (var again = ProgramRun.Start("DataLake.AppHost.dll", folder.Path, ["--once", "--rows", "2000"], new Dictionary<string, string?> { ["DataLake__Lease"] = "00:00:02" }))
        {
            (await again.EndAsync()).ShouldBe(0, again.Everything);
            again.Output.ShouldContain(".datalake/lake/conformed/operations/loans");
        }

        // The command line opens the ledger of a system that does not run.
        await using var lake = ProgramRun.Start("lake.dll", folder.Path, ["runs", "--json"]);
        (await lake.EndAsync()).ShouldBe(0, lake.Everything);
        using var runs = System.Text.Json.JsonDocument.Parse(lake.Output);
        runs.RootElement.EnumerateArray().ShouldAllBe(run => run.GetProperty("status").GetString() == "committed");
        NoServerIsLeft(folder.Path);
    }

    [Fact]
    public async Task A_host_that_is_asked_to_stop_takes_its_cluster_with_it()
    {
        TestPostgres.SkipWithoutPrograms();
        using var folder = new TemporaryFolder();
        await using var host = ProgramRun.Start("DataLake.AppHost.dll", folder.Path, ["--rows", "500"]);
        await host.SaysAsync("/health");
        using (var http = new HttpClient())
        {
            var health = host.Output.Split("Health ")[1].Trim().Split('\n')[0].Trim();
            (await http.GetStringAsync(new Uri(health))).ShouldBe("Healthy");
        }

        host.AskToStop();
        (await host.EndAsync()).ShouldBe(0, host.Everything);
        NoServerIsLeft(folder.Path);
    }

    private static void NoServerIsLeft(string folder)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        var left = Directory.EnumerateDirectories("/proc").Select(process => Path.Combine(process, "cmdline"))
            .Where(file => ReadOrEmpty(file).Contains(folder, StringComparison.Ordinal));
        left.ShouldBeEmpty();
    }

    private static string ReadOrEmpty(string file)
    {
        try
        {
            return File.Exists(file) ? File.ReadAllText(file) : "";
        }
        catch (IOException)
        {
            return ""; // It has ended meanwhile.
        }
    }
}
