using DataLake.EmbeddedPostgres;
using DataLake.Testing;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.EmbeddedPostgres;

public sealed class UnreachableFolderTests
{
    [Fact]
    public async Task A_folder_that_the_servers_account_cannot_reach_is_replaced_by_one_it_can()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root runs the server as another account.");
        TestPostgres.SkipWithoutPrograms();
        var keepElsewhere = Directory.Exists(ClusterFolder.Elsewhere);
        using var closed = new TemporaryFolder();
        File.SetUnixFileMode(closed.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var said = new List<string>();
        var options = new EmbeddedPostgresOptions
        {
            DataDirectory = closed.In("cluster"),
            Settings = new Dictionary<string, string> { ["fsync"] = "off" },
            Say = said.Add,
        };
        var placed = "";
        try
        {
            await using (var server = await EmbeddedPostgresServer.StartAsync(options))
            {
                placed = server.Directory;
                placed.ShouldStartWith(ClusterFolder.Elsewhere);
                said.ShouldHaveSingleItem().ShouldContain(placed);
                (await File.ReadAllTextAsync(closed.In("cluster", "cluster-location"))).Trim().ShouldBe(placed);
                (await EmbeddedPostgresServer.TryAttachAsync(options.DataDirectory)).ShouldNotBeNull().Port.ShouldBe(server.Port);
            }

            // Reachable or not by now, the data stays where it is.
            File.SetUnixFileMode(closed.Path, File.GetUnixFileMode("/"));
            await using var second = await EmbeddedPostgresServer.StartAsync(options);
            second.Directory.ShouldBe(placed);
        }
        finally
        {
            if (placed.Length > 0)
            {
                Directory.Delete(placed, recursive: true);
            }

            if (!keepElsewhere)
            {
                Directory.Delete(ClusterFolder.Elsewhere);
            }
        }
    }
}
