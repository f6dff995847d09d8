using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DataLake.Aws.Signing;
using Polly;
using Polly.Retry;

namespace DataLake.Aws.Services;

/// <summary>
/// Calls one service by the <see href="https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html">AWS JSON protocol</see>. Reads are repeated while the service throttles or is in trouble;
/// what changes something is sent once. Asks nothing before the first call. Safe for use by several threads.
/// </summary>
internal sealed class AwsJsonClient : IDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(20);

    private readonly AwsService service;
    private readonly AwsOptions options;
    private readonly Lazy<Connection> connection;
    private readonly ResiliencePipeline reading;

    public AwsJsonClient(AwsService service, AwsOptions options)
    {
        this.service = service;
        this.options = options;
        if (options.Endpoint is { IsAbsoluteUri: false } or { UserInfo.Length: > 0 } or { Query.Length: > 0 } or { Fragment.Length: > 0 })
            throw new AwsException(
                AwsErrorKind.Invalid, "The address of an AWS service must be an https:// (or, to this machine, http://) address without user, query and fragment; the credentials are given apart.");
        connection = new Lazy<Connection>(Connect);
        reading = options.ReadAttempts < 2 ? ResiliencePipeline.Empty : new ResiliencePipelineBuilder { TimeProvider = options.Clock }.AddRetry(new RetryStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<AwsException>(error => error.Kind is AwsErrorKind.Throttled or AwsErrorKind.Unavailable),
            MaxRetryAttempts = options.ReadAttempts - 1,
            Delay = options.FirstPause,
            MaxDelay = LongestPause,
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
        }).Build();
    }

    public void Dispose()
    {
        if (connection.IsValueCreated) connection.Value.Http.Dispose();
        else options.Transport?.Dispose();
    }

    /// <summary>Asks, as often as the options say while the service throttles or is in trouble.</summary>
    /// <param name="operation">The operation, as the service's model calls it.</param>
    /// <param name="request">Its input.</param>
    /// <param name="requestType">How the input is written.</param>
    /// <param name="answerType">How the answer is read; members that it does not know are passed over.</param>
    /// <param name="cancellation">Stops the call.</param>
    public async Task<TAnswer> ReadAsync<TRequest, TAnswer>(
        string operation, TRequest request, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TAnswer> answerType, CancellationToken cancellation)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(request, requestType);
        return await reading.ExecuteAsync(async token => Read(await OnceAsync(operation, body, token), answerType), cancellation);
    }

    /// <summary>Asks for a change, once. It can be cancelled until it is sent; from then on the answer is waited for, as long as a request may take.</summary>
    /// <exception cref="AwsException"><see cref="AwsErrorKind.UnknownOutcome"/>: the answer is lost, or one that leaves it open. Every other kind: nothing was changed.</exception>
    public async Task ChangeAsync<TRequest>(string operation, TRequest request, JsonTypeInfo<TRequest> requestType, CancellationToken cancellation)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(request, requestType);
        cancellation.ThrowIfCancellationRequested();
        Answer answer;
        try
        {
            answer = await SendAsync(operation, body, CancellationToken.None);
        }
        catch (Exception error) when (IsBeforeSending(error))
        {
            throw Unavailable(operation, error);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            throw Unknown(operation, error is OperationCanceledException ? $"there was no answer within {options.Timeout.TotalSeconds:0.###} s" : "the connection broke before the answer was read", error);
        }

        if (answer.Error is { } said)
            throw said.LeavesOpen(answer.Status) ? Unknown(operation, $"it was answered with {answer.Status}{said.Said}") : said.Exception(What(operation), answer.Status, Action(operation));
        if (answer.Body.Length > 0 && !IsObject(answer.Body)) throw Unknown(operation, "the answer is not one of AWS");
    }

    private async Task<Answer> OnceAsync(string operation, byte[] body, CancellationToken cancellation)
    {
        try
        {
            var answer = await SendAsync(operation, body, cancellation);
            return answer.Error is { } error ? throw error.Exception(What(operation), answer.Status, Action(operation)) : answer;
        }
        catch (HttpRequestException error) when (error.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new AwsException(
                AwsErrorKind.LimitExceeded,
                $"The answer of {What(operation)} has more than {options.MaxResponseBytes} bytes. Raise {nameof(AwsOptions.MaxResponseBytes)} if the address is trusted.", error);
        }
        catch (Exception error) when (error is HttpRequestException or IOException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw Unavailable(operation, error);
        }
    }

    private async Task<Answer> SendAsync(string operation, byte[] body, CancellationToken cancellation)
    {
        var (http, endpoint, _) = connection.Value;
        var type = new MediaTypeHeaderValue($"application/x-amz-json-{service.JsonVersion}");
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new ByteArrayContent(body) { Headers = { ContentType = type } } };
        request.Headers.TryAddWithoutValidation("X-Amz-Target", $"{service.TargetPrefix}.{operation}");
        using var limit = new CancellationTokenSource(options.Timeout, options.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        using var response = await http.SendAsync(request, either.Token);
        ReadOnlyMemory<byte> answered = await response.Content.ReadAsByteArrayAsync(either.Token);
        var status = (int)response.StatusCode;
        if (response.IsSuccessStatusCode) return new Answer(operation, status, answered, null);
        var error = response.Headers.TryGetValues("x-amzn-ErrorType", out var errors) ? errors.First() : null;
        var token = request.Headers.TryGetValues(AwsSignatureHandler.SessionTokenHeader, out var tokens) ? tokens.First() : null;
        return new Answer(operation, status, answered, AwsError.Parse(error, answered, token));
    }

    private TAnswer Read<TAnswer>(Answer answer, JsonTypeInfo<TAnswer> type)
    {
        try
        {
            if (JsonSerializer.Deserialize(answer.Body.Span, type) is { } read) return read;
        }
        catch (JsonException error)
        {
            throw Unreadable(answer, error);
        }

        throw Unreadable(answer, null);
    }

    private AwsException Unreadable(Answer answer, JsonException? cause) => new(
        AwsErrorKind.Unreadable, $"The answer of {What(answer.Operation)} is not what the service sends: {cause?.Message ?? "it says nothing"} Check that the address is one of AWS.", cause);

    private Connection Connect()
    {
        var region = AwsRegion.Of(options);
        var transport = options.Transport ?? new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        var signing = new AwsSignatureHandler(options.Credentials, region, service.Name, options.Clock) { InnerHandler = transport };
        var http = new HttpClient(signing) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = options.MaxResponseBytes };
        return new Connection(http, options.Endpoint ?? AwsRegion.EndpointOf(region, service.Name), region);
    }

    private AwsException Unavailable(string operation, Exception cause) => new(
        AwsErrorKind.Unavailable, $"{What(operation)} had no answer: {(cause is OperationCanceledException ? "it took too long" : cause.Message)} Check network, region and address, and try again.", cause);

    private AwsException Unknown(string operation, string reason, Exception? cause = null) => new(
        AwsErrorKind.UnknownOutcome, $"Whether {What(operation)} changed anything is not known: {reason}. Look before anything is repeated.", cause);

    private string What(string operation) => $"{Action(operation)} in {connection.Value.Region}";

    private string Action(string operation) => $"{service.Name}:{operation}";

    private static bool IsBeforeSending(Exception error) => error is HttpRequestException
    {
        HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError,
    };

    private static bool IsObject(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private sealed record Connection(HttpClient Http, Uri Endpoint, string Region);

    private sealed record Answer(string Operation, int Status, ReadOnlyMemory<byte> Body, AwsError? Error);
}
