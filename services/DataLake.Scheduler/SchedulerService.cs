using DataLake.Scheduler.Cycle;
using DataLake.Scheduler.Definitions;
using DataLake.Scheduler.Dispatch;
using DataLake.Scheduler.Lateness;
using DataLake.Scheduler.Planning;
using DataLake.ServiceDefaults.Messaging;

namespace DataLake.Scheduler;

/// <summary>The scheduler: plans windows from schedules and backfills, sends what is due, and sweeps what got stuck.</summary>
public static class SchedulerService
{
    /// <summary>Adds the scheduler.</summary>
    public static TBuilder AddScheduler<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        builder.Services.AddOptions<SchedulerOptions>().Bind(builder.Configuration.GetSection(SchedulerOptions.Section));
        builder.Services.AddSingleton<DefinitionsInForce>();
        builder.Services.AddSingleton<SourceClocks>();
        builder.Services.AddSingleton<TablePlanner>();
        builder.Services.AddSingleton<BackfillPlanner>();
        builder.Services.AddSingleton<RunDispatcher>();
        builder.Services.AddSingleton<NoticeDispatcher>();
        builder.Services.AddSingleton<LatenessWatch>();
        builder.Services.AddSingleton<SchedulerCycle>();
        builder.Services.AddSingleton<WakeUp>();
        builder.AddConsumersFrom(typeof(SchedulerService).Assembly);
        if (!builder.Configuration.GetSection(SchedulerOptions.Section).GetValue<bool>(nameof(SchedulerOptions.Once)))
        {
            builder.Services.AddHostedService<SchedulerLoop>();
        }

        return builder;
    }
}
