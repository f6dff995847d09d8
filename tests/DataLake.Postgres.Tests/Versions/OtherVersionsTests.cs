using System.Diagnostics;
using DataLake.EmbeddedPostgres;
using DataLake.Postgres.Tests.Chunks;
using DataLake.Postgres.Tests.Connections;
using DataLake.Postgres.Tests.Copy;
using DataLake.Postgres.Tests.Cursors;
using DataLake.Postgres.Tests.Governor;
using DataLake.Postgres.Tests.Tables;
using DataLake.Postgres.Tests.Types;
using DataLake.Testing;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Versions;

/// <summary>Sources are of every age: what differs between PostgreSQL's versions is tried on the oldest and the newest too, by this program again, with that version's server.</summary>
public sealed class OtherVersionsTests
{
    private static readonly Type[] Tests =
    [
        typeof(TypeRoundTripTests), typeof(RandomTableTests), typeof(TypeMappingsTests), typeof(TypePolicyTests), typeof(TableInspectorTests), typeof(ChunkPlannerTests), typeof(ChunkStatisticsTests),
        typeof(PartitionChunkTests), typeof(CursorRangeTests), typeof(SourceSnapshotTests), typeof(CopyFromServerTests), typeof(GovernorTests),
    ];

    [Theory]
    [InlineData(13)]
    [InlineData(18)]
    public async Task A_source_of_another_version_passes_the_same_tests(int version)
    {
        using var folder = new TemporaryFolder();
        Assert.SkipUnless(ServerPackage.TryCopy(version, folder.In("postgres")), $"There is no PostgreSQL {version} in tests/servers for this platform.");
        PostgresPrograms.Find(folder.In("postgres", "bin")).MajorVersion.ShouldBe(version);
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        start.Environment[PostgresPrograms.FolderVariable] = folder.In("postgres", "bin");
        List<string> arguments = [typeof(OtherVersionsTests).Assembly.Location, "-noColor", "-noLogo", .. Tests.SelectMany(test => new[] { "-class", test.FullName! })];
        (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet" ? arguments : arguments[1..]).ForEach(start.ArgumentList.Add);
        using var process = Process.Start(start)!;
        try
        {
            var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            process.ExitCode.ShouldBe(0, said);
            said.ShouldContain("Failed: 0", customMessage: said);
            said.ShouldNotContain("Total: 0", customMessage: said);
        }
        finally
        {
            process.Kill();
        }
    }
}
