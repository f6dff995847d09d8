using DataLake.Ledger;
using Npgsql;

namespace DataLake.Notifier.Delivery;

/// <summary>Tells trouble with the ledger's database from every other.</summary>
internal static class LedgerTrouble
{
    /// <summary>Whether the database is behind an error: EF Core wraps what looks transient in an <see cref="InvalidOperationException"/>.</summary>
    public static bool IsCauseOf(Exception error)
    {
        for (Exception? cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is NpgsqlException or LedgerException { CanRetry: true })
            {
                return true;
            }
        }

        return false;
    }
}
