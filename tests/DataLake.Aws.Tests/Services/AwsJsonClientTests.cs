using Amazon.Runtime;
using DataLake.Aws.Glue;
using DataLake.Aws.Services;
using DataLake.Aws.Tests.Models;
using DataLake.Testing;
using Microsoft.AspNetCore.Http;

namespace DataLake.Aws.Tests.Services;

/// <summary>The client itself, whatever the service; Glue's shapes stand for all.</summary>
public sealed class AwsJsonClientTests
{
    private static readonly AwsService Glue = new("glue", "AWSGlue", "1.1");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_request_bears_the_operation_the_protocols_version_and_only_what_is_said()
    {
        await using var aws = await StartAsync();
        using var client = new AwsJsonClient(Glue, aws.Options);
        await ReadAsync(client);
        var call = aws.Calls.ShouldHaveSingleItem();
        (call.Headers["X-Amz-Target"], call.Headers["Content-Type"], call.Input.GetRawText()).ShouldBe(("AWSGlue.GetDatabases", "application/x-amz-json-1.1", "{}"));
    }

    [Fact]
    public async Task The_stand_in_refuses_what_is_signed_with_another_secret_or_breaks_the_model()
    {
        await using var aws = await StartAsync();
        using var stranger = new AwsJsonClient(Glue, With(aws, credentials: new SessionAWSCredentials(AwsStandIn.AccessKey, "guessed", AwsStandIn.SessionToken)));
        var error = await Should.ThrowAsync<AwsException>(() => ReadAsync(stranger));
        error.Kind.ShouldBe(AwsErrorKind.Denied);
        error.Message.ShouldContain("Check the secret access key and this machine's clock.");
        using var client = new AwsJsonClient(Glue, aws.Options);
        (await Should.ThrowAsync<AwsException>(() => client.ChangeAsync("CreateDatabase", new CreateDatabaseRequest(null, new GlueDatabase("")), GlueJson.Default.CreateDatabaseRequest, Cancellation))).Kind.ShouldBe(AwsErrorKind.Invalid);
        aws.Faults.ShouldBe(["InvalidSignatureException: the signature is wrong", "ValidationException: CreateDatabase.DatabaseInput.Name, characters: 0 is out of range"]);
    }

    [Fact]
    public async Task No_error_shows_a_credential_even_where_the_service_quotes_it()
    {
        await using var aws = await StartAsync();
        aws.Next("GetDatabases", Trouble.Fail(400, "InvalidSignatureException", $"The Canonical String should have been x-amz-security-token:{AwsStandIn.SessionToken}"));
        using var client = new AwsJsonClient(Glue, aws.Options);
        var error = await Should.ThrowAsync<AwsException>(() => ReadAsync(client));
        error.ToString().ShouldContain("x-amz-security-token:(session token)");
        error.ToString().ShouldNotContain(AwsStandIn.SessionToken);
        error.ToString().ShouldNotContain(AwsStandIn.SecretKey);
    }

    [Fact]
    public async Task A_silent_service_is_given_up_on_and_a_change_is_then_unknown()
    {
        var clock = new ManualTimeProvider(DateTimeOffset.UtcNow);
        await using var aws = await StartAsync();
        var silence = new Trouble(false, async context =>
        {
            clock.Advance(TimeSpan.FromSeconds(30));
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        aws.Next("GetDatabases", silence);
        aws.Next("CreateDatabase", silence);
        using var client = new AwsJsonClient(Glue, With(aws, clock: clock, attempts: 1));
        (await Should.ThrowAsync<AwsException>(() => ReadAsync(client))).Kind.ShouldBe(AwsErrorKind.Unavailable);
        var error = await Should.ThrowAsync<AwsException>(() => CreateAsync(client));
        (error.Kind, error.CanRetry).ShouldBe((AwsErrorKind.UnknownOutcome, false));
        error.Message.ShouldContain("no answer within 30 s");
    }

    [Fact]
    public async Task A_change_that_is_sent_is_waited_for_and_one_that_is_not_is_not_sent()
    {
        await using var aws = await StartAsync();
        using var client = new AwsJsonClient(Glue, aws.Options);
        using var stop = new CancellationTokenSource();
        aws.Next("CreateDatabase", new Trouble(true, async context =>
        {
            await stop.CancelAsync();
            await context.Response.WriteAsync("{}");
        }));
        await client.ChangeAsync("CreateDatabase", new CreateDatabaseRequest(null, new GlueDatabase("a")), GlueJson.Default.CreateDatabaseRequest, stop.Token);
        await Should.ThrowAsync<OperationCanceledException>(() => client.ChangeAsync("CreateDatabase", new CreateDatabaseRequest(null, new GlueDatabase("b")), GlueJson.Default.CreateDatabaseRequest, stop.Token));
        aws.Calls.Count.ShouldBe(1);
    }

    [Fact]
    public async Task A_change_that_never_left_is_not_unknown()
    {
        Uri gone;
        await using (var aws = await StartAsync()) gone = aws.Uri;
        using var client = new AwsJsonClient(Glue, new AwsOptions { Region = AwsStandIn.Region, Endpoint = gone, Credentials = new BasicAWSCredentials("a", "b") });
        (await Should.ThrowAsync<AwsException>(() => CreateAsync(client))).Kind.ShouldBe(AwsErrorKind.Unavailable);
    }

    [Fact]
    public async Task An_answer_larger_than_allowed_or_of_another_program_is_refused()
    {
        await using var aws = await StartAsync();
        using var client = new AwsJsonClient(Glue, new AwsOptions { Region = AwsStandIn.Region, Endpoint = aws.Uri, Credentials = aws.Options.Credentials, MaxResponseBytes = 1000 });
        aws.Next("GetDatabases", Trouble.Say(200, new string(' ', 1001)), Trouble.Say(200, "<html>"), Trouble.Say(200, "null"), Trouble.Say(403, "<html>"));
        AwsErrorKind[] kinds = [AwsErrorKind.LimitExceeded, AwsErrorKind.Unreadable, AwsErrorKind.Unreadable, AwsErrorKind.Denied];
        foreach (var kind in kinds) (await Should.ThrowAsync<AwsException>(() => ReadAsync(client))).Kind.ShouldBe(kind);
    }

    [Fact]
    public async Task Without_credentials_or_over_an_open_way_nothing_is_sent()
    {
        await using var aws = await StartAsync();
        using var nobody = new AwsJsonClient(Glue, With(aws, credentials: new NoCredentials()));
        var error = await Should.ThrowAsync<AwsException>(() => CreateAsync(nobody));
        (error.Kind, error.CanRetry).ShouldBe((AwsErrorKind.Denied, false));
        error.Message.ShouldContain("AWS_PROFILE");
        using var open = new AwsJsonClient(Glue, new AwsOptions { Region = AwsStandIn.Region, Endpoint = new Uri("http://glue.example.com"), Credentials = aws.Options.Credentials });
        error = await Should.ThrowAsync<AwsException>(() => CreateAsync(open));
        error.Kind.ShouldBe(AwsErrorKind.Invalid);
        error.Message.ShouldContain("https://");
        Should.Throw<AwsException>(() => new AwsJsonClient(Glue, new AwsOptions { Endpoint = new Uri("https://user:password@glue.example.com") })).Message.ShouldNotContain("password@");
        aws.Calls.ShouldBeEmpty();
    }

    [Fact]
    public async Task Credentials_and_region_are_those_of_the_environment_unless_told()
    {
        await using var aws = await StartAsync();
        Dictionary<string, string> variables = new()
        {
            ["AWS_ACCESS_KEY_ID"] = AwsStandIn.AccessKey, ["AWS_SECRET_ACCESS_KEY"] = AwsStandIn.SecretKey, ["AWS_SESSION_TOKEN"] = AwsStandIn.SessionToken, ["AWS_REGION"] = AwsStandIn.Region,
        };
        var before = variables.Keys.ToDictionary(name => name, Environment.GetEnvironmentVariable);
        try
        {
            foreach (var (name, value) in variables) Environment.SetEnvironmentVariable(name, value);
            using var client = new AwsJsonClient(Glue, new AwsOptions { Endpoint = aws.Uri });
            (await ReadAsync(client)).DatabaseList.ShouldBeEmpty();
        }
        finally
        {
            foreach (var (name, value) in before) Environment.SetEnvironmentVariable(name, value);
        }

        aws.Faults.ShouldBeEmpty("the request was signed with what the environment says");
    }

    [Theory]
    [InlineData("eu-west-1", "https://glue.eu-west-1.amazonaws.com/")]
    [InlineData("cn-north-1", "https://glue.cn-north-1.amazonaws.com.cn/")]
    [InlineData("us-gov-west-1", "https://glue.us-gov-west-1.amazonaws.com/")]
    public void A_service_is_looked_for_in_its_regions_domain(string region, string address) => AwsRegion.EndpointOf(region, "glue").AbsoluteUri.ShouldBe(address);

    [Theory]
    [InlineData("EntityNotFoundException")]
    [InlineData("com.amazonaws.glue#EntityNotFoundException")]
    [InlineData("EntityNotFoundException:http://internal.amazon.com/coral/com.amazonaws.glue/")]
    public void An_errors_code_is_found_in_all_its_forms(string type)
    {
        AwsError.Parse(type, "{}"u8.ToArray(), null).KindOf(400).ShouldBe(AwsErrorKind.NotFound);
        AwsError.Parse(null, System.Text.Encoding.UTF8.GetBytes($$"""{"__type":"{{type}}","Message":"a\nb"}"""), null).ShouldBe(new AwsError("EntityNotFoundException", "a b"));
    }

    private static Task<AwsStandIn> StartAsync() => AwsStandIn.StartAsync(ServiceModel.Load("glue"), new Tests.Glue.GlueService().Answer);

    private static AwsOptions With(AwsStandIn aws, AWSCredentials? credentials = null, TimeProvider? clock = null, int attempts = 4) => new()
    {
        Region = AwsStandIn.Region, Endpoint = aws.Uri, Credentials = credentials ?? aws.Options.Credentials, Clock = clock ?? TimeProvider.System, ReadAttempts = attempts,
    };

    private static Task<GetDatabasesResponse> ReadAsync(AwsJsonClient client) =>
        client.ReadAsync("GetDatabases", new GetDatabasesRequest(null, null), GlueJson.Default.GetDatabasesRequest, GlueJson.Default.GetDatabasesResponse, Cancellation);

    private static Task CreateAsync(AwsJsonClient client) => client.ChangeAsync("CreateDatabase", new CreateDatabaseRequest(null, new GlueDatabase("d")), GlueJson.Default.CreateDatabaseRequest, Cancellation);

    private sealed class NoCredentials : AWSCredentials
    {
        public override ImmutableCredentials GetCredentials() => throw new AmazonClientException("nothing found");

        public override Task<ImmutableCredentials> GetCredentialsAsync() => throw new AmazonClientException("nothing found");
    }
}
