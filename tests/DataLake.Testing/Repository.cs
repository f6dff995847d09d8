namespace DataLake.Testing;

/// <summary>The source tree that the tests were built from.</summary>
public static class Repository
{
    /// <summary>The full path of something in it, whether it is there or not.</summary>
    /// <exception cref="DirectoryNotFoundException">The tests do not run from the tree that they were built in.</exception>
    public static string PathOf(params string[] parts)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "DataLake.sln")))
            {
                return Path.Combine([folder.FullName, .. parts]);
            }
        }

        throw new DirectoryNotFoundException("DataLake.sln is in no folder above the tests: run them from where they were built.");
    }
}
