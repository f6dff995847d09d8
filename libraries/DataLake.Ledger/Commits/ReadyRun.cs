using DataLake.Ledger.Model;

namespace DataLake.Ledger.Commits;

/// <summary>An extracted run whose turn it is to become part of its table.</summary>
/// <param name="Run">The run.</param>
/// <param name="Files">Its files, by number; none where its window had no rows.</param>
public sealed record ReadyRun(Run Run, IReadOnlyList<RunFile> Files);
