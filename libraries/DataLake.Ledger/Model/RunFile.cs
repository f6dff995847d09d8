using DataLake.Contracts;

namespace DataLake.Ledger.Model;

/// <summary>One file that the winning attempt of a run wrote, with its receipt.</summary>
public sealed class RunFile
{
    /// <summary>The run.</summary>
    public Guid RunId { get; init; }

    /// <summary>The file's number within the attempt, from 0.</summary>
    public int Number { get; init; }

    /// <summary>The attempt that wrote it.</summary>
    public int Attempt { get; init; }

    /// <summary>The path in the lake.</summary>
    public required string Path { get; init; }

    /// <summary>Rows the database sent for this file; the written file's footer was checked to say the same.</summary>
    public long Rows { get; init; }

    /// <summary>
    /// The <see cref="Contracts.ContentHash"/> of those rows, computed from what the database sent and again from the written file.
    /// </summary>
    public required string ContentHash { get; init; }

    /// <summary>The file's size in bytes.</summary>
    public long Bytes { get; init; }

    /// <summary>The SHA-256 of the file's bytes, lowercase hex.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The content hash of several files together.</summary>
    public static ContentHash ContentOf(IEnumerable<RunFile> files) =>
        files.Aggregate(default(ContentHash), (sum, file) => sum + Contracts.ContentHash.Parse(file.ContentHash));
}
