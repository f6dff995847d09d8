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
            "Host=localhost;Application Name=other;Maximum Pool Size=500;Minimum Pool Size=9;Include Error Detail=true;Client Encoding=LATIN1;Command Timeout=3;Multiplexing=true;Search Path=odd", 3, "DataLake orders");
        settings.ApplicationName.ShouldBe("DataLake orders");
        (settings.MaxPoolSize, settings.MinPoolSize, settings.CommandTimeout).ShouldBe((4, 0, 0));
        (settings.IncludeErrorDetail, settings.PersistSecurityInfo, settings.Multiplexing).ShouldBe((false, false, false));
        settings.ClientEncoding.ShouldBe("UTF8");
        settings.SearchPath.ShouldBe("odd");
    }

    [Theory]
    [InlineData("")]
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

    private static SslMode Mode(string connectionString) => SourceConnectionString.Parse(connectionString, 1, "test").SslMode;
}
