namespace DataLake.Postgres.Governor;

/// <summary>A decision of the governor, and why.</summary>
/// <param name="From">The pace before.</param>
/// <param name="To">The pace from now on.</param>
/// <param name="Reason">The figures, for a person: <c>41 active sessions (limit 40)</c>.</param>
public sealed record PaceChange(Pace From, Pace To, string Reason);
