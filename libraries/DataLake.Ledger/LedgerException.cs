using Npgsql;

namespace DataLake.Ledger;

/// <summary>What went wrong with the ledger.</summary>
public enum LedgerErrorKind
{
    /// <summary>Its database does not answer, or refuses this program.</summary>
    Unreachable,

    /// <summary>A newer version of this program made it.</summary>
    Newer,

    /// <summary>What was asked for is not there, or not possible.</summary>
    Refused,
}

/// <summary>An error of the ledger, with what to do about it.</summary>
public sealed class LedgerException(LedgerErrorKind kind, string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>What went wrong.</summary>
    public LedgerErrorKind Kind { get; } = kind;

    /// <summary>Whether the same call may succeed later without a change by a person.</summary>
    public bool CanRetry => Kind == LedgerErrorKind.Unreachable;

    /// <summary>
    /// Whether the ledger's database is behind an error of a call to the ledger: it does not answer, or broke the call off. EF Core wraps what looks
    /// transient in an <see cref="InvalidOperationException"/>, so the causes are looked at too.
    /// </summary>
    public static bool IsTrouble(Exception? error)
    {
        for (; error is not null; error = error.InnerException)
        {
            if (error is NpgsqlException or LedgerException { CanRetry: true })
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The ledger's database does not answer. The database's own words are kept; they name no password.</summary>
    public static LedgerException Unreachable(NpgsqlException error)
    {
        ArgumentNullException.ThrowIfNull(error);
        return new(LedgerErrorKind.Unreachable,
            $"The ledger's database cannot be used: {error.Message} Check the connection string given with --ledger (or DATALAKE_LEDGER), and that the server runs.", error);
    }
}
