using DataLake.CatalogUpdater.Commits;
using DataLake.CatalogUpdater.Maintenance;
using DataLake.CatalogUpdater.Rest;
using DataLake.CatalogUpdater.Tables;
using DataLake.ServiceDefaults.Messaging;
using Microsoft.Extensions.Options;

namespace DataLake.CatalogUpdater;

/// <summary>The catalog updater: makes the files of an extracted run part of their table, once and at once.</summary>
public static class CatalogUpdaterService
{
    /// <summary>Adds the catalog updater.</summary>
    public static TBuilder AddCatalogUpdater<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.Services.AddSingleton<LakeTableWriter>();
        builder.Services.AddSingleton<RunCommit>();
        builder.Services.AddOptions<MaintenanceSettings>().Bind(builder.Configuration.GetSection(MaintenanceSettings.Section));
        builder.Services.AddSingleton<TableMaintainer>();
        if (builder.Configuration.GetSection(MaintenanceSettings.Section).GetValue(nameof(MaintenanceSettings.Enabled), true))
        {
            builder.Services.AddHostedService<MaintenanceLoop>();
        }

        builder.Services.AddOptions<IcebergRestOptions>().Bind(builder.Configuration.GetSection(IcebergRestOptions.Section)).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<IcebergRestOptions>, IcebergRestOptions.Check>();
        builder.Services.AddSingleton<IcebergRestService>();
        builder.Services.AddHostedService(services => services.GetRequiredService<IcebergRestService>());
        builder.AddConsumersFrom(typeof(CatalogUpdaterService).Assembly);
        return builder;
    }
}
