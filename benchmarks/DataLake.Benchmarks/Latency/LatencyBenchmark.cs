using DataLake.Benchmarks.Hosting;
using DataLake.Benchmarks.Reporting;
using DataLake.EmbeddedPostgres;
using DataLake.Ledger.Database;
using DataLake.Ledger.Model;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DataLake.Benchmarks.Latency;

/// <summary>Small windows, one every second, through the embedded host as a user starts it: how long each takes from plan to receipt and to commit, and where the time goes.</summary>
internal sealed class LatencyBenchmark(Workplace workplace, BenchmarkReport report, CancellationToken cancellation)
{
    private const int WarmUp = 10;
    private const double TargetMilliseconds = 150;
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(60);

    private readonly string data = Path.Combine(workplace.Output, "host");

    /// <summary>Runs it.</summary>
    /// <returns>Whether the median is within the target.</returns>
    public async Task<bool> RunAsync(int windows, int rows)
    {
        await using var source = NpgsqlDataSource.Create(workplace.ConnectionString);
        var events = new EventSource(source);
        await events.CreateAsync(cancellation);
        Directory.CreateDirectory(workplace.Output);
        var pipelines = Path.Combine(workplace.Output, "latency.yaml");
        await File.WriteAllTextAsync(pipelines, EventSource.Pipeline, cancellation);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var filling = events.FillAsync(rows, enough.Token);
        string? ledgerFolder = null;
        try
        {
            report.Doing("starts the embedded host");
            await using var host = HostProcess.Start(data, pipelines, workplace.ConnectionString);
            var ledger = await AttachAsync(host);
            ledgerFolder = ledger.Directory;
            var times = await MeasureAsync(host, ledger.ConnectionString("ledger"), windows);
            return Show(times, rows);
        }
        finally
        {
            await enough.CancelAsync();
            await filling;
            if (ledgerFolder is not null && Directory.Exists(ledgerFolder))
            {
                Directory.Delete(ledgerFolder, recursive: true); // It can lie elsewhere, where the server's account could not reach ours.
            }
        }
    }

    private async Task<EmbeddedPostgresConnection> AttachAsync(HostProcess host)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(LongestSilence);
        try
        {
            while (true)
            {
                RequireRunning(host);
                if (await EmbeddedPostgresServer.TryAttachAsync(Path.Combine(data, "postgres"), limit.Token) is { } ledger)
                {
                    return ledger;
                }

                await Task.Delay(200, limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new InvalidOperationException($"The embedded host has no ledger after {LongestSilence}. It said:\n{host.Errors}");
        }
    }

    /// <summary>Waits until enough windows are committed, and puts their times together.</summary>
    private async Task<IReadOnlyList<WindowTimes>> MeasureAsync(HostProcess host, string connectionString, int windows)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        var options = new DbContextOptionsBuilder<LedgerContext>();
        LedgerDatabase.Configure(options, source);
        await using var ledger = new LedgerContext(options.Options);
        var committed = ledger.Runs.AsNoTracking().Where(run => run.Status == RunStatus.Committed && run.Rows > 0);
        var (count, lastProgress) = (0, TimeProvider.System.GetTimestamp());
        while (count < windows + WarmUp)
        {
            await Task.Delay(1000, cancellation);
            RequireRunning(host);
            var found = await CountAsync(committed);
            if (found > count)
            {
                (count, lastProgress) = (found, TimeProvider.System.GetTimestamp());
                report.Doing($"{Math.Max(0, count - WarmUp) / 10 * 10:N0} of {windows:N0} windows are committed");
            }
            else if (TimeProvider.System.GetElapsedTime(lastProgress) > LongestSilence)
            {
                throw new InvalidOperationException($"No window was committed for {LongestSilence}. The host said:\n{host.Errors}");
            }
        }

        var runs = await committed.OrderBy(run => run.WindowTo).Skip(WarmUp).Take(windows).ToListAsync(cancellation);
        var files = (await ledger.Files.AsNoTracking().ToListAsync(cancellation)).ToLookup(file => file.RunId);
        var sessions = SourceSessions.Read(Path.Combine(workplace.Server.Directory, "postgres.log"));
        return [.. runs.Select(run =>
        {
            // One window is read at a time, so the session that copied while the run was extracted is its own.
            var session = sessions.LastOrDefault(one => one.Copy >= run.StartedAt && one.Copy <= run.ExtractedAt)
                ?? throw new InvalidOperationException($"The source's log has no COPY for the window {run.Window}.");
            var written = files[run.Id].Max(file => File.GetLastWriteTimeUtc(Path.Combine(data, "lake", file.Path)));
            return new WindowTimes(run.Rows, run.PlannedAt, run.StartedAt!.Value, session.LoggedIn, session.Snapshot, session.Copy, written, run.ExtractedAt!.Value, run.FinishedAt!.Value);
        })];
    }

    private async Task<int> CountAsync(IQueryable<Run> committed)
    {
        try
        {
            return await committed.CountAsync(cancellation);
        }
        catch (PostgresException error) when (error.SqlState is PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidCatalogName)
        {
            return 0; // The ledger is being made.
        }
    }

    private bool Show(IReadOnlyList<WindowTimes> times, int rows)
    {
        report.Note(
            $"{times.Count} windows of about {rows} new rows (median {times.Select(time => time.Rows).Order().ElementAt(times.Count / 2)}), one every second, in the embedded host with its usual settings; " +
            $"the first {WarmUp} are not counted. Rows are written to the source all the while, and source and host share {Environment.ProcessorCount} cores. Milliseconds.");
        var table = report.Table("latency",
            new("step", "step"), new("what", "what is in it"), new("p50", "p50", "0"), new("p90", "p90", "0"), new("p99", "p99", "0"), new("max", "max", "0"));
        foreach (var (step, what, took) in WindowTimes.Steps)
        {
            var sorted = times.Select(time => took(time).TotalMilliseconds).Order().ToList();
            table.Add(step, what, Quantile(sorted, 0.50), Quantile(sorted, 0.90), Quantile(sorted, 0.99), sorted[^1]);
        }

        var median = Quantile([.. times.Select(time => (time.Receipt - time.Planned).TotalMilliseconds).Order()], 0.50);
        report.Note($"Target: plan to receipt in {TargetMilliseconds:0} ms at p50. {(median < TargetMilliseconds ? "Met" : "MISSED")}.");
        return median < TargetMilliseconds;
    }

    /// <summary>The smallest value that so large a share of all is not above.</summary>
    private static double Quantile(IReadOnlyList<double> sorted, double share) => sorted[Math.Max(0, (int)Math.Ceiling(sorted.Count * share) - 1)];

    private static void RequireRunning(HostProcess host)
    {
        if (host.HasEnded)
        {
            throw new InvalidOperationException($"The embedded host ended. It said:\n{host.Errors}");
        }
    }
}
