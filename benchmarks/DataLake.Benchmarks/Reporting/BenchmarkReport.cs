using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace DataLake.Benchmarks.Reporting;

/// <summary>
/// What a benchmark says: results as Markdown on standard output, what it does now on standard error, and at the end all results in a file, if one is wanted.
/// </summary>
internal sealed class BenchmarkReport : IDisposable
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Lock gate = new();
    private readonly string? file;
    private readonly JsonObject facts;
    private readonly JsonArray notes = [];
    private readonly JsonObject tables = [];
    private readonly Dictionary<string, ResultTable> started = [];
    private readonly bool isTerminal = !Console.IsErrorRedirected;
    private readonly long start = Stopwatch.GetTimestamp();
    private readonly Timer? clock;
    private string doing = "";

    /// <param name="benchmark">The benchmark's name.</param>
    /// <param name="file">Where the results go for programs, or null.</param>
    public BenchmarkReport(string benchmark, string? file)
    {
        this.file = file;
        facts = new JsonObject
        {
            ["benchmark"] = benchmark,
            ["startedAt"] = TimeProvider.System.GetUtcNow().ToString("O", CultureInfo.InvariantCulture),
            ["cores"] = Environment.ProcessorCount,
            ["runtime"] = RuntimeInformation.FrameworkDescription,
            ["serverGarbageCollection"] = GCSettings.IsServerGC,
            ["arguments"] = new JsonArray([.. Environment.GetCommandLineArgs().Skip(1).Select(argument => (JsonNode)argument)]),
        };
        // On a terminal one line is written again and again; elsewhere each step gets a line.
        clock = isTerminal ? new Timer(_ => Paint(), null, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)) : null;
    }

    /// <summary>Says what is done from now on, for people who wait.</summary>
    public void Doing(string what)
    {
        lock (gate)
        {
            if (what == doing)
            {
                return;
            }

            doing = what;
        }

        if (isTerminal)
        {
            Paint();
        }
        else
        {
            Console.Error.WriteLine($"{Elapsed()} {what}");
        }
    }

    /// <summary>Says something that is to be kept.</summary>
    public void Note(string text)
    {
        notes.Add(text);
        Print("");
        Print(text);
    }

    /// <summary>Starts a table.</summary>
    public ResultTable Table(string name, params IReadOnlyList<Column> columns) => started[name] = new ResultTable(columns, Print);

    /// <summary>Writes the file for programs, if one is wanted.</summary>
    public async Task SaveAsync(CancellationToken cancellation)
    {
        if (file is null)
        {
            return;
        }

        foreach (var (name, table) in started)
        {
            tables[name] = table.Rows;
        }

        facts["notes"] = notes;
        facts["tables"] = tables;
        await File.WriteAllTextAsync(file, facts.ToJsonString(Indented) + "\n", cancellation);
    }

    public void Dispose()
    {
        clock?.Dispose();
        Erase();
    }

    private void Print(string line)
    {
        Erase();
        Console.WriteLine(line);
    }

    private void Paint()
    {
        lock (gate)
        {
            if (doing.Length > 0)
            {
                Console.Error.Write($"\r\e[2K{Elapsed()} {doing}");
            }
        }
    }

    private void Erase()
    {
        lock (gate)
        {
            if (isTerminal)
            {
                Console.Error.Write("\r\e[2K");
            }
        }
    }

    private string Elapsed() => Stopwatch.GetElapsedTime(start).ToString(@"hh\:mm\:ss", CultureInfo.InvariantCulture);
}
