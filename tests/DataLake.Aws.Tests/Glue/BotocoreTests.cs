using System.Diagnostics;
using DataLake.Aws.Tests.Services;
using DataLake.Iceberg.Catalogs;
using DataLake.Iceberg.Tests.Metadata;
using DataLake.Iceberg.Updates;

namespace DataLake.Aws.Tests.Glue;

/// <summary>AWS's own Python client, which signs, writes and reads by the same models, sees in the stand-in what the catalog put there: so the stand-in is no dialect of DataLake's.</summary>
public sealed class BotocoreTests(GlueLake fixture) : IClassFixture<GlueLake>
{
    private const string Python = "/usr/bin/python3", Package = "/usr/lib/python3/dist-packages/botocore";

    private const string Script =
        """
        import sys, botocore.session
        uri, region, key, secret, token, database, table = sys.argv[1:]
        glue = botocore.session.Session().create_client('glue', region_name=region, endpoint_url=uri, aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token)
        print(' '.join(found['Name'] for page in glue.get_paginator('get_tables').paginate(DatabaseName=database) for found in page['TableList']))
        found = glue.get_table(DatabaseName=database, Name=table)['Table']
        print(found['Parameters']['metadata_location'])
        print(' '.join(column['Name'] + ':' + column['Type'] for column in found['StorageDescriptor']['Columns']))
        kept = {name: found[name] for name in ('Name', 'TableType', 'Parameters', 'StorageDescriptor')}
        try:
            glue.update_table(DatabaseName=database, TableInput=kept, VersionId='17')
        except glue.exceptions.ConcurrentModificationException:
            print('conflict')
        try:
            glue.get_table(DatabaseName=database, Name='nothing')
        except glue.exceptions.EntityNotFoundException:
            print('missing')
        glue.update_table(DatabaseName=database, TableInput=kept, VersionId=found['VersionId'])
        print('updated')
        """;

    private readonly GlueLake lake = fixture.OrSkip();

    [Fact]
    public async Task The_official_client_finds_what_was_committed()
    {
        Assert.SkipUnless(File.Exists(Python) && Directory.Exists(Package), "AWS's Python client is not here: install python3-botocore.");
        var cancellation = TestContext.Current.CancellationToken;
        var table = await lake.Catalog.CreateTableAsync(
            new TableIdentifier("official", "orders"), TableMetadataUpdates.Creation(Guid.NewGuid(), lake.Files.LocationOf("conformed/official/orders"), TableCases.Events), cancellation);
        foreach (var name in (string[])["a", "b", "c"]) lake.Service.Put("official", name, """{"Parameters":{"table_type":"iceberg"}}""");
        var next = await lake.Catalog.CommitTableAsync(table, [], [], cancellation);

        (await RunAsync(lake.Aws.Uri.AbsoluteUri, AwsStandIn.Region, AwsStandIn.AccessKey, AwsStandIn.SecretKey, AwsStandIn.SessionToken, "official", "orders"))
            .ShouldBe(["a b c orders", next.MetadataLocation, "id:bigint ts:timestamp region:string", "conflict", "missing", "updated"]);

        // It wrote the table again as it was, under a new version, and the catalog goes on from there.
        (await lake.Catalog.CommitTableAsync(next, [], [], cancellation)).Metadata.MetadataLog.Count.ShouldBe(2);
    }

    private static async Task<string[]> RunAsync(params IReadOnlyList<string> arguments)
    {
        var start = new ProcessStartInfo(Python) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(Script);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        try
        {
            var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            process.ExitCode.ShouldBe(0, await errors);
            return output.TrimEnd('\n').Split('\n');
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
