using DataLake.CatalogUpdater.Commits;
using DataLake.ServiceDefaults.Messaging;

namespace DataLake.CatalogUpdater;

/// <summary>The catalog updater: makes the files of an extracted run part of their table, once and at once.</summary>
public static class CatalogUpdaterService
{
    /// <summary>Adds the catalog updater.</summary>
    public static TBuilder AddCatalogUpdater<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.Services.AddSingleton<RunCommit>();
        builder.AddConsumersFrom(typeof(CatalogUpdaterService).Assembly);
        return builder;
    }
}
