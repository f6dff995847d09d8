using DataLake.Aws.Glue;
using DataLake.Aws.Tests.Models;
using DataLake.Aws.Tests.Services;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Files;
using DataLake.Iceberg.Tests.Catalogs;
using DataLake.Storage;
using DataLake.Testing;

namespace DataLake.Aws.Tests.Glue;

/// <summary>A lake in a folder, and a Glue catalog of it over a stand-in of the service; each test of a class keeps to tables of its own.</summary>
public sealed class GlueLake : ILake, IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();
    private AwsStandIn? aws;
    private GlueCatalog? catalog;

    public ICatalog Catalog => catalog!;

    public TableFiles Files => field ??= new TableFiles(new LakeDirectory(folder.Path));

    internal GlueService Service { get; } = new();

    internal AwsStandIn Aws => aws!;

    /// <summary>A lost commit is a lost UpdateTable: what is read before it is read again.</summary>
    public LossyCatalog OpenLossy()
    {
        var lossy = Open(Aws.Options);
        return new LossyCatalog(lossy, loss => Aws.Next("UpdateTable", Trouble.Cut(isDone: loss == Loss.Answer)), () =>
        {
            lossy.Dispose();
            return ValueTask.CompletedTask;
        });
    }

    public GlueCatalog Open(AwsOptions options, string? catalogId = null) => new(new GlueCatalogOptions { Aws = options, CatalogId = catalogId }, new MetadataFiles(Files));

    /// <summary>This lake; the running test is skipped where the official model is missing, which a fixture cannot do itself.</summary>
    public GlueLake OrSkip()
    {
        if (aws is null) ServiceModel.Load("glue");
        return this;
    }

    public async ValueTask InitializeAsync()
    {
        if (!ServiceModel.IsThere("glue")) return;
        aws = await AwsStandIn.StartAsync(ServiceModel.Load("glue"), Service.Answer);
        catalog = Open(aws.Options);
    }

    public async ValueTask DisposeAsync()
    {
        catalog?.Dispose();
        if (aws is not null) await aws.DisposeAsync();
        folder.Dispose();
        aws?.Faults.ShouldBeEmpty("requests and answers hold against the official model");
    }
}
