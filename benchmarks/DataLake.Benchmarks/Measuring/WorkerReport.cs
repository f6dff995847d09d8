using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DataLake.Benchmarks.Measuring;

/// <summary>What a process of ours says of itself when it is done.</summary>
internal sealed record WorkerReport
{
    /// <summary>Rows it read.</summary>
    public long Rows { get; init; }

    /// <summary>Bytes of COPY data that came, where it counts them.</summary>
    public long WireBytes { get; init; }

    /// <summary>Wall time, without the runtime's start.</summary>
    public double Seconds { get; init; }

    /// <summary>User and system time, the runtime's start included.</summary>
    public double CpuSeconds { get; init; }

    /// <summary>User and system time of what <see cref="Seconds"/> measures alone, where it is looked at.</summary>
    public double StepCpuSeconds { get; init; }

    /// <summary>The largest resident memory.</summary>
    public long PeakBytes { get; init; }

    /// <summary>Bytes written.</summary>
    public long OutputBytes { get; init; }

    /// <summary>Bytes that were ever taken from the garbage collector.</summary>
    public long AllocatedBytes { get; init; }

    /// <summary>Garbage collections of each generation, those of an older one included in the younger ones.</summary>
    public IReadOnlyList<int> Collections { get; init; } = [];

    /// <summary>Why it stopped, where a table was refused.</summary>
    public string? Refusal { get; init; }

    /// <summary>As a process prints it.</summary>
    public string ToJson()
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            WorkerReportJson.Default.WorkerReport.SerializeHandler!(writer, this);
        }

        return Encoding.UTF8.GetString(json.WrittenSpan);
    }

    /// <summary>What a process printed.</summary>
    public static WorkerReport Parse(string printed) => JsonSerializer.Deserialize<WorkerReport>(printed)!;
}

/// <summary>Made by the compiler, for writing alone: how a process says what it took should take nothing.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(WorkerReport))]
internal sealed partial class WorkerReportJson : JsonSerializerContext;
