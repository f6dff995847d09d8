using DataLake.Extractor.Extraction;
using DataLake.Extractor.Files;
using DataLake.Extractor.Memory;
using DataLake.Postgres.Copy;
using DataLake.ServiceDefaults.Messaging;
using Microsoft.Extensions.Options;

namespace DataLake.Extractor;

/// <summary>The extractor: reads the window of a run from its source into RAW files, and records the receipt.</summary>
public static class ExtractorService
{
    /// <summary>Adds the extractor.</summary>
    public static TBuilder AddExtractor<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.Services.AddOptions<ExtractorOptions>().Bind(builder.Configuration.GetSection(ExtractorOptions.Section)).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<ExtractorOptions>, ExtractorOptions.Check>();
        builder.Services.AddSingleton<MemoryBudget>();
        builder.Services.AddSingleton(services => new LargeRows(services.GetRequiredService<IOptions<ExtractorOptions>>().Value.LargestRow));
        builder.Services.AddSingleton<WindowExtraction>();
        builder.Services.AddSingleton<WindowReader>();
        builder.AddConsumersFrom(typeof(ExtractorService).Assembly);
        return builder;
    }
}
