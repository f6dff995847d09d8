namespace DataLake.Contracts;

// Messages are hints: each names a run (or notice) whose truth is in the ledger, so that one that is lost, late or doubled changes nothing.

/// <summary>A run is planned and due: read its window. Scheduler to Extractor.</summary>
/// <param name="RunId">The run in the ledger.</param>
public sealed record ExtractWindow(Guid RunId);

/// <summary>A run's files and receipt are recorded: commit them. Extractor to CatalogUpdater.</summary>
/// <param name="RunId">The run in the ledger.</param>
public sealed record WindowExtracted(Guid RunId);

/// <summary>A run's files became part of its table. CatalogUpdater to whoever builds on that table.</summary>
/// <param name="RunId">The run in the ledger.</param>
/// <param name="Pipeline">The pipeline the table belongs to.</param>
/// <param name="Table">The table, as <see cref="TableName.ToString"/> writes it.</param>
public sealed record TableCommitted(Guid RunId, string Pipeline, string Table);

/// <summary>Something happened that a person asked to hear of. Any service to Notifier.</summary>
/// <param name="NoticeId">The notice in the ledger.</param>
public sealed record NoticeRaised(Guid NoticeId);
