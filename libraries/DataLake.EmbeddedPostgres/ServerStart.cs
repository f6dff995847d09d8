using System.Runtime.Versioning;
using Npgsql;

namespace DataLake.EmbeddedPostgres;

/// <summary>The steps from a folder to a server that answers.</summary>
[UnsupportedOSPlatform("windows")]
internal sealed class ServerStart
{
    private const int PortAttempts = 5;
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(15);

    private readonly EmbeddedPostgresOptions _options;
    private readonly Action<string> _say;
    private readonly PostgresPrograms _programs;
    private readonly ServerAccount _account;
    private readonly ClusterFolder _folder;
    private readonly ServerLog _log;
    private readonly long _began;

    private ServerStart(EmbeddedPostgresOptions options, PostgresPrograms programs, ServerAccount account, ClusterFolder folder)
    {
        _options = options;
        _say = options.Say ?? (_ => { });
        _programs = programs;
        _account = account;
        _folder = folder;
        _log = new ServerLog(folder.Log);
        _began = options.TimeProvider.GetTimestamp();
    }

    internal static async Task<EmbeddedPostgresServer> RunAsync(EmbeddedPostgresOptions options, CancellationToken cancel)
    {
        ServerSettings.Arguments("", port: 0, options.Settings);
        var known = ClusterFolder.Existing(options.DataDirectory);
        var programs = PostgresPrograms.Find(options.ProgramsFolder, known.HasCluster ? known.MajorVersion : null, InstalledPlaces.OfThisMachine());
        var account = await ServerAccount.ChooseAsync(cancel);
        var folder = await ClusterFolder.PrepareAsync(options.DataDirectory, account, options.Say ?? (_ => { }), cancel);
        try
        {
            var hostLock = HostLock.Take(folder);
            try
            {
                return await new ServerStart(options, programs, account, folder).WithLockAsync(hostLock, cancel);
            }
            catch
            {
                hostLock.Dispose();
                throw;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedPostgresException(
                EmbeddedPostgresErrorKind.FolderNotUsable,
                $"The database cluster's folder {folder.Path} cannot be used: {e.Message} Free some space, or make the folder writable.",
                e);
        }
    }

    internal static EmbeddedPostgresException WrongPassword(ClusterFolder folder, Exception inner) => new(
        EmbeddedPostgresErrorKind.PasswordNotUsable,
        $"The server in {folder.Path} does not accept the password kept beside it: one of the two was replaced. " +
        "Restore the password file, or, if the data may be lost, delete the folder and start again.",
        inner);

    private async Task<EmbeddedPostgresServer> WithLockAsync(HostLock hostLock, CancellationToken cancel)
    {
        ClusterCreation.DeleteRemains(_folder);
        await LeftoverServer.EndAsync(_folder, _options, _say, cancel);

        var password = _folder.EnsurePassword();
        if (!_folder.HasCluster)
        {
            var sync = !(_options.Settings.TryGetValue("fsync", out var fsync) && fsync == "off");
            await ClusterCreation.CreateAsync(_programs, _folder, _account, password, sync, cancel);
        }
        else if (_folder.MajorVersion != _programs.MajorVersion)
        {
            throw OtherVersion();
        }

        await _log.PrepareAsync(_account, cancel);
        for (var attempt = 1; ; attempt++)
        {
            var port = ChoosePort(isFirst: attempt == 1);
            _log.Mark();
            var server = await SupervisedServer.StartAsync(
                _programs, _folder, _account, ServerSettings.Arguments(_folder.Data, port, _options.Settings), _options.StopTimeout);
            try
            {
                var connection = new EmbeddedPostgresConnection(_folder.Path, server.ProcessId, port, password);
                if (await AnswersAsync(server, connection, attempt, cancel))
                {
                    _folder.KeepPort(port);
                    return new EmbeddedPostgresServer(server, hostLock, connection);
                }

                server.Dispose();
            }
            catch
            {
                await server.StopAsync();
                server.Dispose();
                throw;
            }
        }
    }

    private int ChoosePort(bool isFirst)
    {
        if (_folder.LastPort is not { } last)
        {
            return LoopbackPort.Choose();
        }

        if (isFirst && LoopbackPort.IsFree(last))
        {
            return last;
        }

        var port = LoopbackPort.Choose();
        _say($"Port {last} is taken by another program: PostgreSQL listens on {port} now.");
        return port;
    }

    /// <returns>False when the server ended for a reason that another try may not meet.</returns>
    private async Task<bool> AnswersAsync(SupervisedServer server, EmbeddedPostgresConnection connection, int attempt, CancellationToken cancel)
    {
        Exception? last = null;
        while (true)
        {
            if (server.Ended.IsCompleted)
            {
                return MayTryAgain(attempt) ? false : throw Failed("ended while it started");
            }

            // The file tells for sure which server has the port; connecting then proves that it serves.
            if (PostmasterFile.Read(_folder.Data) is { IsReady: true } file && file.ProcessId == server.ProcessId && file.Port == connection.Port)
            {
                last = await connection.ProbeAsync(cancel);
                switch (last)
                {
                    case null:
                        return true;
                    case PostgresException { SqlState: PostgresErrorCodes.InvalidPassword }:
                        throw WrongPassword(_folder, last);
                }
            }

            if (_options.TimeProvider.GetElapsedTime(_began) > _options.StartTimeout)
            {
                throw Failed($"did not answer within {_options.StartTimeout.TotalSeconds:0} s", last);
            }

            await Task.Delay(Poll, _options.TimeProvider, cancel);
        }
    }

    private bool MayTryAgain(int attempt)
    {
        var log = _log.Tail();
        var portTaken = log.Contains("Address already in use", StringComparison.Ordinal);

        // Backends of a server that was killed need a moment to notice.
        var othersEnding = log.Contains("pre-existing shared memory block", StringComparison.Ordinal);
        return (portTaken && attempt < PortAttempts)
            || (othersEnding && _options.TimeProvider.GetElapsedTime(_began) < _options.StartTimeout);
    }

    private EmbeddedPostgresException Failed(string how, Exception? inner = null)
    {
        var log = _log.Tail();
        return log.Contains("No space left on device", StringComparison.Ordinal)
            ? new EmbeddedPostgresException(
                EmbeddedPostgresErrorKind.DiskFull,
                $"The disk of {_folder.Path} is full, so its PostgreSQL server {how}. Free some space and start again.",
                inner)
            : new EmbeddedPostgresException(
                EmbeddedPostgresErrorKind.StartFailed,
                $"The PostgreSQL server of {_folder.Path} {how}. The last lines of {_folder.Log}:\n{log}",
                inner);
    }

    private EmbeddedPostgresException OtherVersion() => new(
        EmbeddedPostgresErrorKind.VersionMismatch,
        $"The database cluster in {_folder.Path} was made by PostgreSQL {_folder.MajorVersion}, and the programs in {_programs.Folder} are {_programs.Version}. " +
        $"Install PostgreSQL {_folder.MajorVersion} beside them, or name its programs' folder in {PostgresPrograms.FolderVariable}; " +
        "or convert the data with pg_upgrade; or, if the data may be lost, delete the folder and start again.");
}
