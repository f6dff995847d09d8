using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using DataLake.Aws.Tests.Models;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DataLake.Aws.Tests.Services;

/// <summary>What a stand-in answers: an error where there is a code.</summary>
internal sealed record AwsAnswer(int Status, JsonObject Body, string? ErrorCode = null)
{
    public static AwsAnswer Ok(JsonObject? body = null) => new(200, body ?? []);

    public static AwsAnswer Error(string code, string message, int status = 400) => new(status, new JsonObject { ["__type"] = code, ["Message"] = message }, code);
}

/// <summary>A call as it arrived.</summary>
internal sealed record SentCall(string Operation, JsonElement Input, IReadOnlyDictionary<string, string> Headers);

/// <summary>What befalls a call instead of its answer.</summary>
/// <param name="IsDone">Whether the service does what it is asked first.</param>
/// <param name="Answer">The answer in place of its own; null to cut the connection.</param>
internal sealed record Trouble(bool IsDone, Func<HttpContext, Task>? Answer)
{
    public static Trouble Cut(bool isDone) => new(isDone, null);

    public static Trouble Fail(int status, string code, string message = "no", bool isDone = false) => Say(status, $$"""{"__type":"com.amazonaws.test#{{code}}","message":"{{message}}"}""", isDone);

    public static Trouble Say(int status, string body, bool isDone = false) => new(isDone, async context =>
    {
        context.Response.StatusCode = status;
        await context.Response.WriteAsync(body);
    });
}

/// <summary>
/// A service of the AWS JSON protocol over real HTTP on loopback. Each request must be signed and hold against the service's official model, and so must each answer; what does not is answered with an
/// error and kept in <see cref="Faults"/>.
/// </summary>
internal sealed class AwsStandIn : IAsyncDisposable
{
    public const string Region = "eu-central-1", AccessKey = "AKIDSTANDIN", SecretKey = "stand-in/secret+key", SessionToken = "stand-in//session+token==";

    private readonly WebApplication app;
    private readonly ServiceModel model;
    private readonly Func<string, JsonElement, AwsAnswer> service;
    private readonly ConcurrentQueue<SentCall> calls = new();
    private readonly ConcurrentDictionary<string, ConcurrentQueue<Trouble>> troubles = new();

    private AwsStandIn(WebApplication app, ServiceModel model, Func<string, JsonElement, AwsAnswer> service) => (this.app, this.model, this.service) = (app, model, service);

    public Uri Uri => new(app.Urls.Single());

    /// <summary>Options that lead here.</summary>
    public AwsOptions Options => new()
    {
        Region = Region, Endpoint = Uri, Credentials = new SessionAWSCredentials(AccessKey, SecretKey, SessionToken), FirstPause = TimeSpan.FromMilliseconds(1),
    };

    public IReadOnlyList<SentCall> Calls => [.. calls];

    /// <summary>What was wrong with requests or answers.</summary>
    public ConcurrentQueue<string> Faults { get; } = new();

    public static async Task<AwsStandIn> StartAsync(ServiceModel model, Func<string, JsonElement, AwsAnswer> service)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var standIn = new AwsStandIn(builder.Build(), model, service);
        standIn.app.Run(standIn.ServeAsync);
        await standIn.app.StartAsync();
        return standIn;
    }

    /// <summary>What befalls the next calls of an operation, in order.</summary>
    public void Next(string operation, params IReadOnlyList<Trouble> next)
    {
        foreach (var trouble in next) troubles.GetOrAdd(operation, _ => new()).Enqueue(trouble);
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task ServeAsync(HttpContext context)
    {
        using var buffer = new MemoryStream();
        await context.Request.Body.CopyToAsync(buffer);
        var body = buffer.ToArray();
        if (SignatureCheck.Fault(context.Request, body, AccessKey, SecretKey, SessionToken, Region, model.Metadata("signingName") ?? model.Metadata("endpointPrefix")!, DateTimeOffset.UtcNow) is { } unsigned)
        {
            await RefuseAsync(context, "InvalidSignatureException", unsigned);
            return;
        }

        var target = context.Request.Headers["X-Amz-Target"].ToString().Split('.');
        if (target is not [var prefix, var operation] || prefix != model.Metadata("targetPrefix") || !model.Has(operation) || context.Request.Path != "/" || context.Request.Method != "POST"
            || context.Request.ContentType != $"application/x-amz-json-{model.Metadata("jsonVersion")}")
        {
            await RefuseAsync(context, "UnknownOperationException", $"{context.Request.Method} {context.Request.Path} {context.Request.ContentType} {context.Request.Headers["X-Amz-Target"]}");
            return;
        }

        using var json = JsonDocument.Parse(body);
        var input = json.RootElement.Clone();
        calls.Enqueue(new SentCall(operation, input, context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString())));
        if (model.InputFaults(operation, input) is { Count: > 0 } faults)
        {
            await RefuseAsync(context, "ValidationException", string.Join("; ", faults));
            return;
        }

        var trouble = troubles.TryGetValue(operation, out var waiting) && waiting.TryDequeue(out var next) ? next : null;
        var answer = trouble is { IsDone: false } ? null : service(operation, input);
        if (trouble is { Answer: { } instead }) await instead(context);
        else if (trouble is not null) context.Abort();
        else await AnswerAsync(context, operation, answer!);
    }

    private async Task AnswerAsync(HttpContext context, string operation, AwsAnswer answer)
    {
        var text = answer.Body.ToJsonString();
        if (answer.ErrorCode is { } code)
        {
            if (!model.CanFailWith(operation, code)) Faults.Enqueue($"{operation} does not end in {code}");
        }
        else
        {
            using var json = JsonDocument.Parse(text);
            foreach (var fault in model.OutputFaults(operation, json.RootElement)) Faults.Enqueue(fault);
        }

        await SendAsync(context, answer.Status, text);
    }

    private Task RefuseAsync(HttpContext context, string code, string why)
    {
        Faults.Enqueue($"{code}: {why}");
        return SendAsync(context, 400, AwsAnswer.Error(code, why).Body.ToJsonString());
    }

    private async Task SendAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = $"application/x-amz-json-{model.Metadata("jsonVersion")}";
        await context.Response.WriteAsync(text, Encoding.UTF8);
    }
}
