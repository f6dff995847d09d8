using System.Threading.Channels;
using Npgsql;

namespace DataLake.SampleSource;

/// <summary>
/// Applications at work on the sample: they insert, update and delete rows, and now and then commit late. A window [from, to) of
/// updated_at that is read later than to + lag is complete when the lag is above <see cref="SampleTrafficOptions.MaxLateness"/>.
/// </summary>
public sealed class SampleTraffic
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan LongestCatchUp = TimeSpan.FromSeconds(1);

    private readonly string _connectionString;
    private readonly SampleTrafficOptions _options;
    private long _inserted;
    private long _updated;
    private long _deleted;
    private long _committedLate;
    private long _missed;
    private long _interrupted;

    /// <summary>Traffic on a database that <see cref="SampleDatabase.CreateAsync"/> filled.</summary>
    public SampleTraffic(string connectionString, SampleTrafficOptions? options = null)
    {
        _options = options ?? new SampleTrafficOptions();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(_options.OperationsPerSecond);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(_options.Connections);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(_options.MaxLateness, TimeSpan.Zero);
        _connectionString = new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "sample-traffic",
            MaxPoolSize = _options.Connections,
            MaxAutoPrepare = 20,

            // A statement that the source holds up would commit late, too.
            Options = $"-c statement_timeout={(int)_options.MaxLateness.TotalMilliseconds}",
        }.ConnectionString;
    }

    /// <summary>What was committed so far.</summary>
    public SampleTrafficCounters Counters => new(
        Interlocked.Read(ref _inserted),
        Interlocked.Read(ref _updated),
        Interlocked.Read(ref _deleted),
        Interlocked.Read(ref _committedLate),
        Interlocked.Read(ref _missed),
        Interlocked.Read(ref _interrupted));

    /// <summary>Works until it is cancelled, which is its ordinary end; outlives restarts of the source.</summary>
    /// <exception cref="PostgresException">The source refuses what no retry can mend, as when the sample's tables are not there.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(_connectionString);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var operations = Channel.CreateBounded<TrafficOperation>(_options.Connections);
        Task[] tasks =
        [
            ChooseAsync(operations.Writer, ending.Token),
            .. Enumerable.Range(0, _options.Connections).Select(_ => WorkAsync(source, operations.Reader, ending.Token)),
        ];
        try
        {
            // The first to end was cancelled or failed; either way the others end with it.
            await await Task.WhenAny(tasks);
        }
        catch (Exception e) when (cancellationToken.IsCancellationRequested && (e is OperationCanceledException or NpgsqlException))
        {
            // The ordinary end; a connection may break while it is cancelled.
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(tasks).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private async Task ChooseAsync(ChannelWriter<TrafficOperation> operations, CancellationToken cancel)
    {
        var clock = _options.TimeProvider;
        var began = clock.GetTimestamp();
        var due = TimeSpan.Zero;
        for (var number = 1L; ; number++)
        {
            var ahead = due - clock.GetElapsedTime(began);
            if (ahead > TimeSpan.Zero)
            {
                await Task.Delay(ahead, clock, cancel);
            }
            else if (-ahead > LongestCatchUp)
            {
                // After the source was away: go on at the usual rate, without the flood of what was missed.
                due -= ahead;
            }

            await operations.WriteAsync(TrafficOperation.Choose(number, _options), cancel);
            due += TimeSpan.FromSeconds(1 / _options.OperationsPerSecond);
        }
    }

    private async Task WorkAsync(NpgsqlDataSource source, ChannelReader<TrafficOperation> operations, CancellationToken cancel)
    {
        await foreach (var operation in operations.ReadAllAsync(cancel))
        {
            try
            {
                await DoAsync(source, operation, cancel);
            }
            catch (NpgsqlException e) when (MayPass(e) && !cancel.IsCancellationRequested)
            {
                Interlocked.Increment(ref _interrupted);
                await Task.Delay(RetryDelay, _options.TimeProvider, cancel);
            }
        }
    }

    private async Task DoAsync(NpgsqlDataSource source, TrafficOperation operation, CancellationToken cancel)
    {
        await using var connection = await source.OpenConnectionAsync(cancel);
        var began = _options.TimeProvider.GetTimestamp();
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var sql = operation.Kind switch
        {
            TrafficKind.Insert => operation.Table.Insert,
            TrafficKind.Update => operation.Table.Update,
            _ => operation.Table.Delete,
        };
        await using var command = new NpgsqlCommand(sql, connection, transaction);
        command.Parameters.Add(new NpgsqlParameter<double> { TypedValue = operation.Place });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = operation.Change });
        var rows = await command.ExecuteNonQueryAsync(cancel);

        if (rows > 0 && operation.Hold > TimeSpan.Zero)
        {
            await Task.Delay(operation.Hold, _options.TimeProvider, cancel);
        }

        // Leaving without a commit rolls back.
        if (rows == 0 || _options.TimeProvider.GetElapsedTime(began) > _options.MaxLateness)
        {
            Interlocked.Increment(ref _missed);
            return;
        }

        await transaction.CommitAsync(cancel);
        Count(operation);
    }

    private void Count(TrafficOperation operation)
    {
        switch (operation.Kind)
        {
            case TrafficKind.Insert:
                Interlocked.Increment(ref _inserted);
                break;
            case TrafficKind.Update:
                Interlocked.Increment(ref _updated);
                break;
            default:
                Interlocked.Increment(ref _deleted);
                break;
        }

        if (operation.Hold > TimeSpan.Zero)
        {
            Interlocked.Increment(ref _committedLate);
        }
    }

    // A restart, a broken connection, a lost race, or a statement that took too long.
    private static bool MayPass(NpgsqlException e) => e.IsTransient || e.SqlState == PostgresErrorCodes.QueryCanceled;
}
