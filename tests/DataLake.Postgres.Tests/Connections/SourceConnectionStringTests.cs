using DataLake.Postgres.Connections;
using DataLake.Postgres.Errors;
using Npgsql;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Connections;

public sealed class SourceConnectionStringTests
{
    [Theory]
    [InlineData("db.example.com")]
    [InlineData("10.1.2.3")]
    [InlineData("localhost.example.com")]
    [InlineData("localhost,db.example.com")]
    [InlineData("::1:2:3")]
    [InlineData("fe80::1")]
    [InlineData("127.0.0.1.example.com")]
    public void A_server_elsewhere_must_show_a_certificate_that_verifies(string host) => Mode($"Host={host}").ShouldBe(SslMode.VerifyFull);

    [Theory]
    [InlineData("localhost")]
    [InlineData("LocalHost:5433")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:5433")]
    [InlineData("::1")]
    [InlineData("[::1]:5433")]
    [InlineData("/var/run/postgresql")]
    [InlineData("localhost, 127.0.0.2")]
    public void A_server_on_this_machine_need_not(string host) => Mode($"Host={host}").ShouldBe(new NpgsqlConnectionStringBuilder("Host=x").SslMode);

    [Theory]
    [InlineData("SSL Mode=Disable", SslMode.Disable)]
    [InlineData("sslmode=Require", SslMode.Require)]
    [InlineData("SslMode=Prefer", SslMode.Prefer)]
    public void A_mode_that_is_given_is_kept(string given, SslMode mode) => Mode($"Host=db.example.com;{given}").ShouldBe(mode);

    [Fact]
    public void What_DataLake_needs_overrides_what_is_given()
    {
        var settings = SourceConnectionString.Parse(
            "Host=localhost;Application Name=other;Maximum Pool Size=500;Minimum Pool Size=9;Include Error Detail=true;Client Encoding=LATIN1;Command Timeout=3;Multiplexing=true;Search Path=odd", "DataLake orders");
        settings.ApplicationName.ShouldBe("DataLake orders");
        settings.SearchPath.ShouldBe("odd");
    }

    [Theory]
    [InlineData("a", "a:5432")]
    [InlineData("a,b:5433, c ", "a:5432,b:5433,c:5432")]
    [InlineData("::1", "[::1]:5432")]
    [InlineData("[::1]", "[::1]:5432")]
    [InlineData("[fe80::1]:5433,10.0.0.1:5434", "[fe80::1]:5433,10.0.0.1:5434")]
    [InlineData("/var/run/postgresql", "/var/run/postgresql:5432")]
    public void Hosts_are_read_with_their_ports(string host, string servers) =>
        string.Join(",", SourceConnectionString.Read($"Host={host};Username=u", "test").Servers).ShouldBe(servers);

    [Fact]
    public void Settings_are_what_the_string_says_and_never_print_the_password()
    {
        var settings = SourceConnectionString.Read("Host=db;Database=d;Username=u;Password=s3cret;SSL Password=s3cret;Timeout=3;Options=-c a=b;Search Path=odd;Require Auth=ScramSHA256", "DataLake orders");
        settings.ToString().ShouldBe("u@db:5432/d");
        (settings.Password, settings.ClientKeyPassword, settings.Options, settings.SearchPath, settings.ApplicationName).ShouldBe(("s3cret", "s3cret", "-c a=b", "odd", "DataLake orders"));
        (settings.Timeout, settings.Tls).ShouldBe((TimeSpan.FromSeconds(3), SslMode.VerifyFull));
        (settings.Allows("ScramSHA256"), settings.Allows("MD5"), settings.Allows("None")).ShouldBe((true, false, false));
        SourceConnectionString.Read("Host=db;Timeout=0;Username=u", "x").Timeout.ShouldBe(TimeSpan.FromSeconds(15)); // never without a bound
        SourceConnectionString.Read("Host=db;SSL Mode=Require;Root Certificate=r.crt;Username=u", "x").Tls.ShouldBe(SslMode.VerifyCA);
        SourceConnectionString.Read("Host=db;Require Auth=!MD5;Username=u", "x").Allows("MD5").ShouldBeFalse();
        SourceConnectionString.Read("Host=db;Require Auth=!MD5;Username=u", "x").Allows("Password").ShouldBeTrue();
    }

    [Theory]
    [InlineData("")]
    [InlineData("Host=x:s3cret")]
    [InlineData("Host=x:0")]
    [InlineData("Host=x:65536")]
    [InlineData("Host=[::1")]
    [InlineData("Host=[::1]s3cret")]
    [InlineData("Host=x,,y")]
    [InlineData("Password=s3cret")]
    [InlineData("Host=x;Password='s3cret")]
    [InlineData("Host=x;Password=a;s3cret=1")]
    [InlineData("Host=x;Port=s3cret")]
    [InlineData("Host=x;Port=99999999999")]
    [InlineData("Host=x;SSL Mode=s3cret")]
    [InlineData("Host=x;Timeout=-1;Password=s3cret")]
    [InlineData("Host=x;SSL Negotiation=Direct;SSL Mode=Prefer;Password=s3cret")]
    [InlineData("postgres://user:s3cret@host/database")]
    public void A_string_that_cannot_be_read_is_never_repeated(string connectionString)
    {
        var error = Should.Throw<SourceException>(() => new SourceConnections(connectionString, 1, "x"));
        error.Kind.ShouldBe(SourceErrorKind.BadConnectionString);
        error.CanRetry.ShouldBeFalse();
        error.ToString().ShouldNotContain("s3cret");
        error.InnerException.ShouldBeNull();
    }

    [Fact]
    public void No_connections_at_all_is_a_mistake_of_the_caller() => Should.Throw<ArgumentOutOfRangeException>(() => new SourceConnections("Host=localhost", 0, "x"));

    private static SslMode Mode(string connectionString) => SourceConnectionString.Parse(connectionString, "test").SslMode;
}
