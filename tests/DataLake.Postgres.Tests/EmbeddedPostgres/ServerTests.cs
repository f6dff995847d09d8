using System.Net;
using System.Net.Sockets;
using DataLake.EmbeddedPostgres;
using DataLake.Testing;
using Npgsql;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.EmbeddedPostgres;

public sealed class ServerTests : IDisposable
{
    private readonly ServerFolder _folder = new();

    [Fact]
    public async Task Only_the_password_opens_the_server_and_only_its_file_holds_it()
    {
        await using var server = await _folder.StartAsync();
        var good = new NpgsqlConnectionStringBuilder(server.ConnectionString("postgres"));

        (await ScalarAsync(good.ConnectionString, "SHOW listen_addresses")).ShouldBe("127.0.0.1");
        (await ScalarAsync(good.ConnectionString, "SHOW unix_socket_directories")).ShouldBe("");
        (await ScalarAsync(good.ConnectionString, "SHOW server_encoding")).ShouldBe("UTF8");
        (await ScalarAsync(good.ConnectionString, "SELECT datcollate FROM pg_database WHERE datname = current_database()")).ShouldBe("C");

        var bad = new NpgsqlConnectionStringBuilder(good.ConnectionString) { Password = "guess" };
        var refused = await Should.ThrowAsync<PostgresException>(() => ScalarAsync(bad.ConnectionString, "SELECT 1"));
        refused.SqlState.ShouldBe(PostgresErrorCodes.InvalidPassword);

        File.GetUnixFileMode(_folder.In("password")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var holders = Directory.EnumerateFiles(_folder.Path, "*", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != "host.lock" && File.ReadAllText(file).Contains(good.Password!, StringComparison.Ordinal));
        holders.ShouldBe([_folder.In("password")]);
        if (OperatingSystem.IsLinux())
        {
            File.ReadAllText($"/proc/{server.ProcessId}/cmdline").ShouldNotContain(good.Password!);
            File.ReadAllText($"/proc/{server.ProcessId}/environ").ShouldNotContain(good.Password!);
        }
    }

    [Fact]
    public async Task Data_and_port_are_the_same_after_a_stop_and_a_start()
    {
        int port;
        await using (var first = await _folder.StartAsync())
        {
            port = first.Port;
            await first.EnsureDatabaseAsync("kept \"well\"");
            await first.EnsureDatabaseAsync("kept \"well\"");
            await ScalarAsync(first.ConnectionString("kept \"well\""), "CREATE TABLE t AS SELECT 42 AS answer");
            await first.StopAsync();
            PostmasterFile.IsRunning(first.ProcessId).ShouldBeFalse();
            first.Ended.IsCompletedSuccessfully.ShouldBeTrue();
        }

        await using var second = await _folder.StartAsync();

        second.Port.ShouldBe(port);
        (await ScalarAsync(second.ConnectionString("kept \"well\""), "SELECT answer FROM t")).ShouldBe(42);
        _folder.Said.ShouldBeEmpty();
    }

    [Fact]
    public async Task Another_port_is_chosen_when_the_last_one_is_taken()
    {
        int port;
        await using (var first = await _folder.StartAsync())
        {
            port = first.Port;
        }

        using var taker = new TcpListener(IPAddress.Loopback, port);
        taker.Start();
        await using var second = await _folder.StartAsync();

        second.Port.ShouldNotBe(port);
        _folder.Said.ShouldHaveSingleItem().ShouldContain($"Port {port} is taken");
        (await ScalarAsync(second.ConnectionString("postgres"), "SELECT 1")).ShouldBe(1);
    }

    [Fact]
    public async Task A_second_host_of_the_folder_is_told_who_has_it()
    {
        await using var server = await _folder.StartAsync();

        var error = await _folder.FailToStartAsync();

        error.Kind.ShouldBe(EmbeddedPostgresErrorKind.InUse);
        error.Message.ShouldContain(_folder.Path);
        error.Message.ShouldContain($"process {Environment.ProcessId}");
        (await ScalarAsync(server.ConnectionString("postgres"), "SELECT 1")).ShouldBe(1);
    }

    [Fact]
    public async Task Another_process_attaches_while_the_server_runs()
    {
        (await EmbeddedPostgresServer.TryAttachAsync(_folder.In("nothing"))).ShouldBeNull();
        await using (var server = await _folder.StartAsync())
        {
            var attached = (await EmbeddedPostgresServer.TryAttachAsync(_folder.Path)).ShouldNotBeNull();
            attached.ProcessId.ShouldBe(server.ProcessId);
            (await ScalarAsync(attached.ConnectionString("postgres"), "SELECT 1")).ShouldBe(1);
        }

        (await EmbeddedPostgresServer.TryAttachAsync(_folder.Path)).ShouldBeNull();
    }

    [Fact]
    public async Task Data_of_another_major_version_is_not_touched()
    {
        await using (await _folder.StartAsync())
        {
        }

        await File.WriteAllTextAsync(_folder.In("data", "PG_VERSION"), "12\n");

        var error = await _folder.FailToStartAsync();

        error.Kind.ShouldBe(EmbeddedPostgresErrorKind.VersionMismatch);
        error.Message.ShouldContain("was made by PostgreSQL 12");
        error.Message.ShouldContain("pg_upgrade");
        error.Message.ShouldContain(PostgresPrograms.FolderVariable);
    }

    [Fact]
    public async Task A_server_that_refuses_its_settings_shows_its_last_words()
    {
        var error = await _folder.FailToStartAsync(_folder.Options with
        {
            Settings = new Dictionary<string, string> { ["fsync"] = "off", ["shared_buffers"] = "nonsense" },
        });

        error.Kind.ShouldBe(EmbeddedPostgresErrorKind.StartFailed);
        error.Message.ShouldContain("invalid value for parameter \"shared_buffers\"");
        error.Message.ShouldNotContain((await File.ReadAllTextAsync(_folder.In("password"))).Trim());
        await using var server = await _folder.StartAsync();
    }

    [Fact]
    public async Task Settings_that_make_the_server_private_cannot_be_changed()
    {
        var error = await _folder.FailToStartAsync(_folder.Options with
        {
            Settings = new Dictionary<string, string> { ["listen_addresses"] = "*" },
        });

        error.Kind.ShouldBe(EmbeddedPostgresErrorKind.InvalidOptions);
    }

    [Fact]
    public async Task A_server_that_is_not_ready_in_time_is_stopped()
    {
        await using (await _folder.StartAsync())
        {
        }

        // A server that restores an archive serves nobody before its restore command has ended.
        await File.WriteAllTextAsync(_folder.In("data", "recovery.signal"), "");
        var error = await _folder.FailToStartAsync(_folder.Options with
        {
            Settings = new Dictionary<string, string> { ["restore_command"] = "sleep 300" },
            StartTimeout = TimeSpan.FromMilliseconds(500),
        });

        error.Kind.ShouldBe(EmbeddedPostgresErrorKind.StartFailed);
        error.Message.ShouldContain("did not answer within");
        error.CanRetry.ShouldBeTrue();
        File.Exists(_folder.In("data", "postmaster.pid")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_cancelled_start_leaves_no_process_and_the_next_one_works()
    {
        using var cancel = new CancellationTokenSource();
        var starting = _folder.StartAsync(cancel.Token);
        await Eventually.Async(() => Directory.EnumerateDirectories(_folder.Path, "initdb-*").Any());
        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => starting);
        Directory.Exists(_folder.In("data")).ShouldBeFalse();
        await using var server = await _folder.StartAsync();
        Directory.EnumerateDirectories(_folder.Path, "initdb-*").ShouldBeEmpty();
    }

    [Fact]
    public async Task A_full_disk_is_named_as_such()
    {
        Programs.Write(_folder.In("bin"), "postgres", "15.6");
        Programs.Write(_folder.In("bin"), "initdb", "15.6", "echo 'initdb: error: could not write to file: No space left on device' >&2; exit 1");

        var error = await _folder.FailToStartAsync(_folder.Options with { ProgramsFolder = _folder.In("bin") });

        error.Kind.ShouldBe(EmbeddedPostgresErrorKind.DiskFull);
        error.Message.ShouldContain(_folder.Path);
        Directory.Exists(_folder.In("data")).ShouldBeFalse();
    }

    [Fact]
    public async Task A_large_log_is_moved_aside()
    {
        await using (await _folder.StartAsync())
        {
        }

        using (var log = new FileStream(_folder.In("postgres.log"), FileMode.Open))
        {
            log.SetLength(9 << 20);
        }

        await using var server = await _folder.StartAsync();

        new FileInfo(_folder.In("postgres.log.1")).Length.ShouldBe(9 << 20);
        new FileInfo(_folder.In("postgres.log")).Length.ShouldBeInRange(1, 1 << 20);
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<object?> ScalarAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync();
    }
}
