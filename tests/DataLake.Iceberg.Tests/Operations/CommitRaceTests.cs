using DataLake.Iceberg.Tests.Catalogs;

namespace DataLake.Iceberg.Tests.Operations;

/// <summary>Over the ledger's SQL catalog.</summary>
public sealed class CommitRaceTests(CatalogFixture lake) : CommitRaceContract(lake), IClassFixture<CatalogFixture>;
