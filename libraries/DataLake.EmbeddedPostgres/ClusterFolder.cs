using System.Globalization;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Text;

namespace DataLake.EmbeddedPostgres;

/// <summary>The files of a cluster, and the choice of the folder that really holds them.</summary>
/// <param name="Path">The folder.</param>
[UnsupportedOSPlatform("windows")]
internal sealed record ClusterFolder(string Path)
{
    /// <summary>Where clusters go whose wanted folder the server's account cannot reach.</summary>
    internal const string Elsewhere = "/var/lib/datalake";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Reachable = OwnerOnly | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;

    /// <summary>PostgreSQL's own data directory.</summary>
    internal string Data => In("data");

    internal string Log => In("postgres.log");

    internal string Lock => In("host.lock");

    private string HolderFile => In("host.pid");

    private string PasswordFile => In("password");

    private string PortFile => In("port");

    internal bool HasCluster => File.Exists(System.IO.Path.Combine(Data, "PG_VERSION"));

    internal int MajorVersion =>
        int.Parse(File.ReadAllText(System.IO.Path.Combine(Data, "PG_VERSION")).Trim().Split('.')[0], CultureInfo.InvariantCulture);

    /// <summary>The folder for a wanted one: itself, or the place that its pointer file names, or a new place elsewhere.</summary>
    internal static async Task<ClusterFolder> PrepareAsync(string wanted, ServerAccount account, Action<string> say, CancellationToken cancel)
    {
        wanted = System.IO.Path.GetFullPath(wanted);
        try
        {
            Create(wanted);
            if (PointedTo(wanted) is { } known)
            {
                Create(known.Path);
                say($"The database cluster of {wanted} is in {known.Path} (see {PointerFile(wanted)}).");
                return known;
            }

            if (await account.CanReachAsync(wanted, cancel))
            {
                return new ClusterFolder(wanted);
            }

            var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(wanted)))[..12];
            var elsewhere = new ClusterFolder(System.IO.Path.Combine(Elsewhere, hash));
            Create(Elsewhere);
            Create(elsewhere.Path);
            if (!await account.CanReachAsync(elsewhere.Path, cancel))
            {
                throw new EmbeddedPostgresException(
                    EmbeddedPostgresErrorKind.FolderNotUsable,
                    $"PostgreSQL does not run as root, and the account {account.Name} can reach neither {wanted} nor {elsewhere.Path}. " +
                    "Choose a folder whose parents let others pass (chmod o+x), or run as an ordinary user.");
            }

            await File.WriteAllTextAsync(PointerFile(wanted), elsewhere.Path + "\n", cancel);
            say($"PostgreSQL does not run as root, and the account {account.Name} cannot reach {wanted}: " +
                $"the database cluster is placed in {elsewhere.Path}.");
            return elsewhere;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EmbeddedPostgresException(
                EmbeddedPostgresErrorKind.FolderNotUsable,
                $"The cluster's folder {wanted} cannot be used: {e.Message} Choose another folder, or make this one writable.",
                e);
        }
    }

    /// <summary>The folder that an earlier start chose for a wanted one; nothing is created.</summary>
    internal static ClusterFolder Existing(string wanted)
    {
        wanted = System.IO.Path.GetFullPath(wanted);
        return PointedTo(wanted) ?? new ClusterFolder(wanted);
    }

    /// <summary>The password, made and stored on first use.</summary>
    internal string EnsurePassword()
    {
        if (File.Exists(PasswordFile))
        {
            return ReadPassword();
        }

        if (HasCluster)
        {
            throw PasswordNotUsable("is missing", inner: null);
        }

        var password = RandomNumberGenerator.GetHexString(48, lowercase: true);
        WriteWhole(PasswordFile, password + "\n", OwnerOnly);
        return password;
    }

    internal string ReadPassword()
    {
        try
        {
            var password = File.ReadAllText(PasswordFile).Trim();
            return password.Length > 0 ? password : throw PasswordNotUsable("is empty", inner: null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw PasswordNotUsable("cannot be read", e);
        }
    }

    internal int? LastPort =>
        File.Exists(PortFile) && int.TryParse(File.ReadAllText(PortFile), CultureInfo.InvariantCulture, out var port) && port is > 1023 and < 65536
            ? port
            : null;

    internal void KeepPort(int port) => WriteWhole(PortFile, port.ToString(CultureInfo.InvariantCulture) + "\n", OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

    internal void KeepHolder(int processId) => File.WriteAllText(HolderFile, processId.ToString(CultureInfo.InvariantCulture) + "\n");

    internal string Holder => File.Exists(HolderFile) ? File.ReadAllText(HolderFile).Trim() : "unknown";

    private static string PointerFile(string wanted) => System.IO.Path.Combine(wanted, "cluster-location");

    // Root gives folders away on the word of this file, so it may only point into the one place that root made.
    private static ClusterFolder? PointedTo(string wanted)
    {
        if (!File.Exists(PointerFile(wanted)))
        {
            return null;
        }

        var place = System.IO.Path.GetFullPath(File.ReadAllText(PointerFile(wanted)).Trim());
        return System.IO.Path.GetDirectoryName(place) == Elsewhere ? new ClusterFolder(place) : null;
    }

    // Modes are set on what is created here only, whatever the umask; a folder that was there keeps its own.
    private static void Create(string folder)
    {
        if (!Directory.Exists(folder))
        {
            Directory.CreateDirectory(folder);
            File.SetUnixFileMode(folder, Reachable);
        }
    }

    private static void WriteWhole(string file, string text, UnixFileMode mode)
    {
        var partial = file + ".new";
        File.Delete(partial);
        using (var writer = new StreamWriter(partial, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode }))
        {
            writer.Write(text);
        }

        File.Move(partial, file, overwrite: true);
    }

    private EmbeddedPostgresException PasswordNotUsable(string how, Exception? inner) => new(
        EmbeddedPostgresErrorKind.PasswordNotUsable,
        $"The password file {PasswordFile} {how}. Restore it, or run as the account that owns it; " +
        $"if the data may be lost, delete the folder {Path} and start again.",
        inner);

    private string In(string name) => System.IO.Path.Combine(Path, name);
}
