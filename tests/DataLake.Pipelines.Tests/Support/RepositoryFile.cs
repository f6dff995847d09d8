namespace DataLake.Pipelines.Tests.Support;

/// <summary>Files of the repository that tests hold against the code. Set DATALAKE_WRITE_DOCS=1 to write them anew.</summary>
internal static class RepositoryFile
{
    public const string HowToWrite = "Run the tests once with the environment variable DATALAKE_WRITE_DOCS=1 to write it anew.";

    public static string PathOf(string relative)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "DataLake.sln")))
            {
                return Path.Combine(folder.FullName, relative);
            }
        }

        throw new InvalidOperationException("DataLake.sln was not found above the tests.");
    }

    public static string Read(string relative) => File.Exists(PathOf(relative)) ? File.ReadAllText(PathOf(relative)) : "";

    public static void ShouldBe(string relative, string expected)
    {
        if (Environment.GetEnvironmentVariable("DATALAKE_WRITE_DOCS") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(PathOf(relative))!);
            File.WriteAllText(PathOf(relative), expected);
        }

        Read(relative).ShouldBe(expected, $"{relative} is not what the code says. {HowToWrite}");
    }
}
