using DataLake.EmbeddedPostgres;
using DataLake.Testing;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.EmbeddedPostgres;

public sealed class PostgresProgramsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Without_programs_the_error_says_what_to_install()
    {
        var error = Should.Throw<EmbeddedPostgresException>(() => PostgresPrograms.Find(null, null, new InstalledPlaces(null, [_folder.Path])));

        error.Kind.ShouldBe(EmbeddedPostgresErrorKind.ProgramsNotFound);
        error.Message.ShouldContain("apt install postgresql");
        error.Message.ShouldContain("dnf install postgresql-server");
        error.Message.ShouldContain("brew install postgresql");
        error.Message.ShouldContain("--source");
        error.Message.ShouldContain("--ledger");
    }

    [Fact]
    public void A_named_folder_without_programs_is_an_error_even_when_others_are_installed()
    {
        var error = Should.Throw<EmbeddedPostgresException>(() => PostgresPrograms.Find(_folder.Path));

        error.Kind.ShouldBe(EmbeddedPostgresErrorKind.ProgramsNotFound);
        error.Message.ShouldContain(_folder.Path);
    }

    [Fact]
    public void Programs_of_two_versions_are_not_a_set()
    {
        Programs.Write(_folder.Path, "postgres", "16.2");
        Programs.Write(_folder.Path, "initdb", "15.6");

        Should.Throw<EmbeddedPostgresException>(() => PostgresPrograms.Find(_folder.Path))
            .Message.ShouldContain("postgres says version 16.2, initdb says 15.6");
    }

    [Fact]
    public void Programs_older_than_13_are_refused()
    {
        WriteSet("12", "12.22");

        Should.Throw<EmbeddedPostgresException>(() => PostgresPrograms.Find(_folder.In("12"))).Message.ShouldContain("older than 13");
    }

    [Fact]
    public void A_beta_version_is_understood()
    {
        WriteSet("18", "18beta1");

        var programs = PostgresPrograms.Find(_folder.In("18"));

        programs.MajorVersion.ShouldBe(18);
        programs.Version.ShouldBe("18beta1");
    }

    [Fact]
    public void The_first_place_wins_unless_another_fits_the_data()
    {
        WriteSet("17", "17.2");
        WriteSet("15", "15.6");
        var places = new InstalledPlaces(null, [_folder.In("nothing"), _folder.In("17"), _folder.In("15")]);

        PostgresPrograms.Find(null, null, places).MajorVersion.ShouldBe(17);
        PostgresPrograms.Find(null, 15, places).MajorVersion.ShouldBe(15);
        PostgresPrograms.Find(null, 14, places).MajorVersion.ShouldBe(17);
    }

    [Fact]
    public void Links_are_followed_to_the_folder_of_the_programs()
    {
        WriteSet("real", "15.6");
        Directory.CreateDirectory(_folder.In("bin"));
        File.CreateSymbolicLink(_folder.In("bin", "postgres"), _folder.In("real", "postgres"));
        File.CreateSymbolicLink(_folder.In("bin", "initdb"), _folder.In("real", "initdb"));

        PostgresPrograms.Find(_folder.In("bin")).Folder.ShouldBe(_folder.In("real"));
    }

    public void Dispose() => _folder.Dispose();

    private void WriteSet(string name, string version)
    {
        Programs.Write(_folder.In(name), "postgres", version);
        Programs.Write(_folder.In(name), "initdb", version);
    }
}
