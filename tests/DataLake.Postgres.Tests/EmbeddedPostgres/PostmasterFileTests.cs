using System.Diagnostics;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.EmbeddedPostgres;

public sealed class PostmasterFileTests : IDisposable
{
    private readonly ServerFolder _folder = new();

    [Fact]
    public async Task A_file_of_a_dead_process_does_not_prevent_a_start()
    {
        using var gone = Process.Start("true");
        await gone.WaitForExitAsync();
        await StopAndLeaveFileOfAsync(gone.Id);

        await using var server = await _folder.StartAsync();

        server.ProcessId.ShouldNotBe(gone.Id);
    }

    [Fact]
    public async Task A_file_whose_number_another_program_has_now_does_not_prevent_a_start()
    {
        using var other = Process.Start(new ProcessStartInfo("cat") { RedirectStandardInput = true })!;
        try
        {
            await StopAndLeaveFileOfAsync(other.Id);

            await using var server = await _folder.StartAsync();

            other.HasExited.ShouldBeFalse();
            _folder.Said.ShouldHaveSingleItem().ShouldContain($"process {other.Id} is not a PostgreSQL server of this folder");
        }
        finally
        {
            other.Kill();
        }
    }

    [Fact]
    public async Task A_file_that_names_the_server_of_another_folder_does_not_stop_that_server()
    {
        using var elsewhere = new ServerFolder();
        await using var other = await elsewhere.StartAsync();
        await StopAndLeaveFileOfAsync(other.ProcessId);

        await using var server = await _folder.StartAsync();

        other.Ended.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task An_empty_file_does_not_prevent_a_start()
    {
        await using (await _folder.StartAsync())
        {
        }

        await File.WriteAllTextAsync(_folder.In("data", "postmaster.pid"), "");

        await using var server = await _folder.StartAsync();
    }

    public void Dispose() => _folder.Dispose();

    private async Task StopAndLeaveFileOfAsync(int processId)
    {
        var file = _folder.In("data", "postmaster.pid");
        string[] lines;
        await using (await _folder.StartAsync())
        {
            lines = await File.ReadAllLinesAsync(file);
        }

        lines[0] = processId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        await File.WriteAllLinesAsync(file, lines);
    }
}
