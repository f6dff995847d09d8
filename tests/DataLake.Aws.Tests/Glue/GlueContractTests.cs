using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Iceberg.Tests.Operations;

namespace DataLake.Aws.Tests.Glue;

/// <summary>Glue does what every catalog does.</summary>
public sealed class GlueContractTests(GlueLake lake) : CatalogContract<GlueLake>(lake.OrSkip()), IClassFixture<GlueLake>;

/// <summary>Writers race through Glue, and over connections that break.</summary>
public sealed class GlueRaceTests(GlueLake lake) : CommitRaceContract(lake.OrSkip()), IClassFixture<GlueLake>;
