using DataLake.Iceberg.Files;
using DataLake.Storage;
using DataLake.Testing;

namespace DataLake.Iceberg.Tests.Files;

public sealed class TableFilesTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("conformed/sales/orders/metadata/v1.json")]
    [InlineData("conformed/gr%C3%B6ße/a b/x")]
    public async Task A_location_and_its_lake_path_are_the_same_file(string path)
    {
        using var folder = new TemporaryFolder();
        var files = new TableFiles(new LakeDirectory(folder.Path));
        var location = files.LocationOf(path);
        files.PathOf(location).ShouldBe(path);
        files.PathOf(location.Replace("file://", "file:")).ShouldBe(path);
        files.PathOf(location["file://".Length..]).ShouldBe(path);
        await files.WriteAllAsync(location, "text"u8.ToArray(), Cancellation);
        File.Exists(Path.Combine(folder.Path, path)).ShouldBeTrue();
        (await files.ReadAllAsync(location, 4, Cancellation)).ShouldBe("text"u8.ToArray());
        files.List(files.LocationOf("conformed")).Single().Location.ShouldBe(location);
        files.Delete(location).ShouldBeTrue();
        files.Delete(location).ShouldBeFalse();
    }

    [Theory]
    [InlineData("s3://bucket/table/metadata.json")]
    [InlineData("file:///etc/passwd")]
    [InlineData("conformed/relative")]
    [InlineData("file://host/share")]
    public void A_location_outside_the_lake_is_refused_with_what_to_do(string location)
    {
        using var folder = new TemporaryFolder();
        var error = Should.Throw<IcebergException>(() => new TableFiles(new LakeDirectory(folder.Path)).PathOf(location));
        error.Kind.ShouldBe(IcebergErrorKind.Unsupported);
        error.Message.ShouldContain(location);
        error.Message.ShouldContain("move the table");
    }

    [Fact]
    public void A_location_that_climbs_out_of_the_lake_is_refused()
    {
        using var folder = new TemporaryFolder();
        var files = new TableFiles(new LakeDirectory(Path.Combine(folder.Path, "lake")));
        Should.Throw<IcebergException>(() => files.PathOf(files.LocationOf("a") + "/../../other/x"));
        Should.Throw<IcebergException>(() => files.PathOf(files.LocationOf("a") + "/.."));
        Should.Throw<IcebergException>(() => files.PathOf($"file://{folder.Path}/lake-two/x"));
    }

    [Fact]
    public async Task A_file_that_is_missing_or_too_long_says_so()
    {
        using var folder = new TemporaryFolder();
        var files = new TableFiles(new LakeDirectory(folder.Path));
        Should.Throw<IcebergException>(() => files.OpenRead(files.LocationOf("nowhere"))).Kind.ShouldBe(IcebergErrorKind.NotFound);
        await files.WriteAllAsync(files.LocationOf("long"), new byte[10], Cancellation);
        (await Should.ThrowAsync<IcebergException>(() => files.ReadAllAsync(files.LocationOf("long"), 9, Cancellation))).Kind.ShouldBe(IcebergErrorKind.LimitExceeded);
        (await Should.ThrowAsync<StorageException>(() => files.WriteAllAsync(files.LocationOf("long"), new byte[1], Cancellation))).Kind.ShouldBe(StorageErrorKind.Exists);
    }
}
