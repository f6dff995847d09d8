using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;

namespace DataLake.Iceberg.Tests.Catalogs;

/// <summary>A lake in a folder, and the catalog of its tables: what the tests that every catalog must pass need of it.</summary>
public interface ILake
{
    ICatalog Catalog { get; }

    TableFiles Files { get; }

    /// <summary>Another way to the same catalog, which loses something where a test wants it.</summary>
    LossyCatalog OpenLossy();
}

/// <summary>A catalog over a way that breaks once.</summary>
/// <param name="Catalog">The catalog.</param>
/// <param name="LoseNext">Says what of the next commit is lost.</param>
/// <param name="Close">Ends the way.</param>
public sealed record LossyCatalog(ICatalog Catalog, Action<Loss> LoseNext, Func<ValueTask> Close) : IAsyncDisposable
{
    public ValueTask DisposeAsync() => Close();
}

/// <summary>What is lost.</summary>
public enum Loss
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>What the client sends; the server never sees it.</summary>
    Request,

    /// <summary>What the server answers; it has done what it was asked.</summary>
    Answer,
}
