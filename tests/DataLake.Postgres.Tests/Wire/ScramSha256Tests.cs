using System.Text;
using DataLake.Postgres.Wire;
using Shouldly;
using Xunit;

namespace DataLake.Postgres.Tests.Wire;

public sealed class ScramSha256Tests
{
    private const string Nonce = "rOprNGfwEbeRWgbNEkqO";
    private const string Challenge = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    // https://www.rfc-editor.org/rfc/rfc7677#section-3
    [Fact]
    public void The_exchange_of_RFC_7677_comes_out_as_it_stands_there()
    {
        var scram = new ScramSha256("pencil", null, couldBind: false, Nonce, "user");
        Encoding.UTF8.GetString(scram.First()).ShouldBe("n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        Answer(scram, Challenge).ShouldBe("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
        scram.IsVerified.ShouldBeFalse();
        scram.Verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="u8);
        scram.IsVerified.ShouldBeTrue();
    }

    [Theory]
    [InlineData("r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")] // the server must add to the nonce
    [InlineData("m=x,r=rOprNGfwEbeRWgbNEkqO1,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")] // a mandatory extension
    [InlineData("r=rOprNGfwEbeRWgbNEkqO1,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO1,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=-4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO1,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2147483647")] // an hour of work
    [InlineData("r=rOprNGfwEbeRWgbNEkqO1,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=99999999999")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO1,s=n@t base64,i=4096")]
    [InlineData("r=rOprNGfwEbeRWgbNEkqO1,s=W22ZaJ0SNY7soEsUEjb6gQ==")]
    [InlineData("e=other-error")]
    [InlineData("")]
    public void A_malformed_challenge_is_refused(string challenge) =>
        Should.Throw<WireException>(() => Answer(new ScramSha256("pencil", null, couldBind: false, Nonce), challenge)).Problem.ShouldBe(WireProblem.Garbled);

    [Theory]
    [InlineData("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", WireProblem.Unusable)]
    [InlineData("v=AAAA", WireProblem.Unusable)]
    [InlineData("v=", WireProblem.Unusable)]
    [InlineData("v=n@t base64", WireProblem.Garbled)]
    [InlineData("e=invalid-proof", WireProblem.Garbled)]
    [InlineData("", WireProblem.Garbled)]
    public void A_server_that_does_not_know_the_password_is_refused(string final, object problem)
    {
        var scram = new ScramSha256("pencil", null, couldBind: false, Nonce, "user");
        Answer(scram, Challenge);
        Should.Throw<WireException>(() => scram.Verify(Encoding.UTF8.GetBytes(final))).Problem.ShouldBe(problem);
        scram.IsVerified.ShouldBeFalse();
    }

    [Fact]
    public void Steps_out_of_order_are_refused()
    {
        var scram = new ScramSha256("pencil", null, couldBind: false, Nonce);
        Should.Throw<WireException>(() => scram.Verify("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="u8));
        Answer(scram, Challenge);
        Should.Throw<WireException>(() => Answer(scram, Challenge));
    }

    // What PostgreSQL's own pg_saslprep makes of them. Its normalization (NFKC) is not there: the programs run without ICU, and README.md says so.
    [Theory]
    [InlineData("\u00ad ", " ")]
    [InlineData("a\u00a0b", "a b")]
    [InlineData("a\u3000b", "a b")]
    public void Passwords_that_are_the_same_to_SASLprep_give_the_same_proof(string password, string same)
    {
        Answer(new ScramSha256(password, null, couldBind: false, Nonce), Challenge).ShouldBe(Answer(new ScramSha256(same, null, couldBind: false, Nonce), Challenge));
    }

    [Theory]
    [InlineData("\ufb01\u0007", "fi\u0007")]
    [InlineData("\ufb01\ue000", "fi\ue000")]
    [InlineData("\ufb01\U0001F600", "fi\U0001F600")]
    [InlineData("\ufb01\ud800", "fi\ud800")]
    public void Passwords_that_SASLprep_forbids_are_used_as_they_are(string password, string other) =>
        Answer(new ScramSha256(password, null, couldBind: false, Nonce), Challenge).ShouldNotBe(Answer(new ScramSha256(other, null, couldBind: false, Nonce), Challenge));

    [Theory]
    [InlineData(false, false, "n,,", "biws")]
    [InlineData(false, true, "y,,", "eSws")]
    [InlineData(true, true, "p=tls-server-end-point,,", "cD10bHMtc2VydmVyLWVuZC1wb2ludCwsAQID")]
    public void The_channel_is_bound_as_far_as_it_can_be(bool binds, bool couldBind, string header, string binding)
    {
        var scram = new ScramSha256("pencil", binds ? [1, 2, 3] : null, couldBind, Nonce);
        Encoding.UTF8.GetString(scram.First()).ShouldBe($"{header}n=,r={Nonce}");
        Answer(scram, Challenge).ShouldStartWith($"c={binding},r=");
    }

    private static string Answer(ScramSha256 scram, string challenge) => Encoding.UTF8.GetString(scram.Answer(Encoding.UTF8.GetBytes(challenge)));
}
