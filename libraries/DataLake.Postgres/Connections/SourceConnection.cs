using Npgsql;

namespace DataLake.Postgres.Connections;

/// <summary>A connection that a run holds. Disposing it ends its transaction and lets another run use its place.</summary>
public sealed class SourceConnection : IAsyncDisposable
{
    private readonly SemaphoreSlim slots;
    private int disposed;

    internal SourceConnection(NpgsqlConnection connection, SemaphoreSlim slots)
    {
        Connection = connection;
        this.slots = slots;
    }

    /// <summary>The open connection.</summary>
    public NpgsqlConnection Connection { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, 1) == 0)
        {
            try
            {
                await Connection.DisposeAsync();
            }
            catch (NpgsqlException)
            {
                // The server went away, and the transaction with it. Whoever used the connection has heard of it, or is done.
            }
            finally
            {
                slots.Release();
            }
        }
    }
}
