using System.Text;
using DataLake.Postgres.Connections;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Connections;

public sealed class ApplicationNameTests
{
    [Fact]
    public void It_says_what_the_connection_is_for()
    {
        var run = Guid.Parse("0198c5a2-7c1e-7000-8000-0123456789ab");
        ApplicationName.Of("extractor", "operations", "public.orders", ApplicationName.ShortOf(run)).ShouldBe("datalake extractor operations public.orders 456789ab");
        ApplicationName.Of("governor", "operations").ShouldBe("datalake governor operations");
    }

    [Fact]
    public void Long_names_are_shortened_and_the_run_stays_whole()
    {
        var name = ApplicationName.Of("extractor", new string('p', 63), new string('s', 63) + "." + new string('t', 63), "456789ab");
        Encoding.UTF8.GetByteCount(name).ShouldBe(63);
        name.ShouldStartWith("datalake extractor ppp");
        name.ShouldContain(" sss");
        name.ShouldEndWith(" 456789ab");
    }

    [Fact]
    public void What_the_server_would_replace_is_replaced_before() => ApplicationName.Of("extractor", "p", "öffentlich.my table\n").ShouldBe("datalake extractor p ?ffentlich.my?table?");
}
