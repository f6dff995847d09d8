namespace DataLake.Scheduler.Cycle;

/// <summary>Settings of the scheduler, from the section <c>Scheduler</c>.</summary>
public sealed class SchedulerOptions
{
    /// <summary>The section's name.</summary>
    public const string Section = "Scheduler";

    /// <summary>Every table is due once, whatever its schedule says, and no more after that. Rounds are then made by whoever started the service.</summary>
    public bool Once { get; set; }
}
