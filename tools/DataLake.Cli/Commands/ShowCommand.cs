using System.CommandLine;
using DataLake.Cli.Ledgers;
using DataLake.Cli.Output;
using DataLake.Contracts;
using DataLake.Ledger.LakeTables;
using DataLake.Ledger.Model;
using DataLake.Ledger.Runs;

namespace DataLake.Cli.Commands;

/// <summary><c>lake show RUN</c></summary>
internal static class ShowCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("run") { Description = "The run's id, or its first or last characters." };
        var command = new Command("show", "Show one run: its window, attempts, files and error. Example: lake show a9da5fb8ee7e")
        {
            id, SharedOptions.Json, LedgerAccess.DataDirectoryOption, LedgerAccess.LedgerOption,
        };
        command.SetAction((parsed, cancellation) => CommandOutput.GuardAsync(async () =>
        {
            await using var ledger = await LedgerAccess.OpenAsync(parsed, cancellation);
            var queries = new RunQueries(ledger.Contexts);
            var run = await FindAsync(queries, parsed.GetValue(id)!, cancellation);
            var attempts = await queries.AttemptsAsync(run.Id, cancellation);
            var files = await queries.FilesAsync(run.Id, cancellation);
            if (parsed.GetValue(SharedOptions.Json))
            {
                CommandOutput.WriteJson(new { run, content = files.Count > 0 ? RunFile.ContentOf(files).ToString() : null, attempts, files });
            }
            else
            {
                Print(run, attempts, files);
            }

            return CommandOutput.Ok;
        }));
        return command;
    }

    private static async Task<Run> FindAsync(RunQueries queries, string id, CancellationToken cancellation)
    {
        var found = await queries.FindByPartAsync(id, cancellation);
        return found.Count switch
        {
            1 => found[0],
            0 => throw new Failure($"No run's id starts or ends with '{id}'. List runs with: lake runs"),
            _ => throw new Failure($"{found.Count} or more runs fit '{id}': {string.Join(", ", found.Select(run => run.Id))}. Give more of the id."),
        };
    }

    private static void Print(Run run, IReadOnlyList<RunAttempt> attempts, IReadOnlyList<RunFile> files)
    {
        Console.WriteLine($"Run         {run.Id}");
        Console.WriteLine($"Table       {run.Table} (pipeline {run.Pipeline}, definition version {run.DefinitionVersion})");
        Console.WriteLine($"Window      {run.Window} ({run.Kind.ToString().ToLowerInvariant()})");
        Console.WriteLine($"Status      {run.Status.ToString().ToLowerInvariant()}");
        Console.WriteLine($"Planned     {run.PlannedAt:u}");
        Write("Extracted", run.ExtractedAt?.ToString("u"));
        Write("Finished", run.FinishedAt?.ToString("u"));
        Console.WriteLine($"Rows        {run.Rows:N0} in {run.FileCount} file(s), {run.Bytes:N0} bytes");
        Write("Processor", run.CpuSeconds is { } seconds ? $"{seconds:N2} s{(run.CpuSecondsPerMillionRows is { } each ? $", {each:N2} s for a million rows" : "")}" : null);
        Write("Content", files.Count > 0 ? $"{RunFile.ContentOf(files)} (rows as the source sent them; the written files were read back and hold the same)" : null);
        Write("Source LSN", run.SourceLsn);
        Write("Snapshot", run.SnapshotId is { } snapshot ? $"{snapshot} of the lake's table {LakeTableNames.Of(run.Pipeline, TableName.TryParse(run.Table)!)}" : null);
        Write("Trace", run.TraceParent);
        Write("Error", run.Error);
        foreach (var attempt in attempts)
        {
            Console.WriteLine($"Attempt {attempt.Number,-3} {attempt.Outcome.ToString().ToLowerInvariant(),-10} {attempt.StartedAt:u} to {attempt.EndedAt?.ToString("u") ?? "now"}  {attempt.Worker}{(attempt.Error is null ? "" : $"  {attempt.Error}")}");
        }

        foreach (var file in files)
        {
            Console.WriteLine($"File        {file.Path}  {file.Rows:N0} rows  {file.Bytes:N0} bytes  content {file.ContentHash}  sha256 {file.Sha256}");
        }
    }

    private static void Write(string name, string? value)
    {
        if (value is not null)
        {
            Console.WriteLine($"{name,-11} {value}");
        }
    }
}
