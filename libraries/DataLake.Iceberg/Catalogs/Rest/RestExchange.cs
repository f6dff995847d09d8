using System.Net;
using System.Net.Http.Headers;

namespace DataLake.Iceberg.Catalogs.Rest;

/// <summary>Carries requests and bounded answers. Reads are repeated while the server is in trouble; what changes something is sent once, and an answer that is lost then is an unknown outcome.</summary>
internal sealed class RestExchange : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200), LongestPause = TimeSpan.FromSeconds(30);

    private readonly RestCatalogOptions options;
    private readonly HttpClient client;
    private readonly string root;

    public RestExchange(RestCatalogOptions options)
    {
        this.options = options;
        if (!options.Uri.IsAbsoluteUri || options.Uri.Scheme is not ("http" or "https") || options.Uri.UserInfo.Length > 0 || options.Uri.Query.Length > 0 || options.Uri.Fragment.Length > 0)
            throw IcebergException.Invalid("The address of a REST catalog must be an https:// (or http://) address without user, query and fragment; the credentials are given apart.");
        root = options.Uri.GetLeftPart(UriPartial.Path).TrimEnd('/');
        var transport = options.Transport ?? new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.GZip,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            MaxResponseDrainSize = 0,
        };
        if (options.Authentication is { } authentication) authentication.InnerHandler = transport;
        client = new HttpClient((HttpMessageHandler?)options.Authentication ?? transport) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public void Dispose() => client.Dispose();

    /// <summary>GETs, as often as the options say while the server is in trouble.</summary>
    /// <param name="path">What is below the catalog's address, escaped, from <c>v1/</c> on.</param>
    /// <param name="headers">Headers of the request.</param>
    /// <param name="cancellation">Stops the call.</param>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.Unavailable"/>: no answer. <see cref="IcebergErrorKind.LimitExceeded"/>: the answer is too large.</exception>
    public async Task<RestAnswer> ReadAsync(string path, IReadOnlyList<(string Name, string Value)> headers, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            TimeSpan? asked = null;
            try
            {
                var answer = await SendAsync(HttpMethod.Get, path, null, headers, cancellation);
                if (answer.Status is not (408 or 429 or 500 or 502 or 503 or 504) || attempt >= options.ReadAttempts) return answer;
                asked = answer.RetryAfter;
            }
            catch (Exception e) when (IsLost(e, cancellation))
            {
                if (attempt >= options.ReadAttempts) throw Unavailable($"GET {root}/{path}", e);
            }
            catch (IcebergException e) when (e.Kind == IcebergErrorKind.Unavailable && attempt < options.ReadAttempts)
            {
                // Of the server that gives tokens.
            }

            await Task.Delay(Pause(attempt, asked), options.Clock, cancellation);
        }
    }

    /// <summary>Sends what changes something, once.</summary>
    /// <exception cref="IcebergException"><see cref="IcebergErrorKind.UnknownOutcome"/>: the answer is lost, or one (5xx) that leaves it open. <see cref="IcebergErrorKind.Unavailable"/>: nothing was sent.</exception>
    public async Task<RestAnswer> WriteAsync(HttpMethod method, string path, byte[]? body, IReadOnlyList<(string Name, string Value)> headers, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var what = $"{method} {root}/{path}";
        RestAnswer answer;
        try
        {
            answer = await SendAsync(method, path, body, headers, cancellation);
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError)
        {
            throw Unavailable(what, e);
        }
        catch (OperationCanceledException e) when (cancellation.IsCancellationRequested)
        {
            throw RestError.UnknownOutcome(what, "it was cancelled under way", e);
        }
        catch (Exception e) when (IsLost(e, cancellation))
        {
            throw RestError.UnknownOutcome(what, e is OperationCanceledException ? $"there was no answer within {options.Timeout.TotalSeconds:0.###} s" : "the connection broke before the answer", e);
        }
        catch (IcebergException e) when (e.Kind == IcebergErrorKind.LimitExceeded)
        {
            throw RestError.UnknownOutcome(what, $"its answer has more than {options.MaxResponseBytes} bytes", e);
        }

        // 503 too: it may have been processed in part, says the description of the protocol.
        return answer.Status is >= 500 and not 501 ? throw RestError.UnknownOutcome(what, $"the answer was {answer.Status}{RestError.Said(answer)}") : answer;
    }

    private async Task<RestAnswer> SendAsync(HttpMethod method, string path, byte[]? body, IReadOnlyList<(string Name, string Value)> headers, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, $"{root}/{path}");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("DataLake", null));
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        if (body is not null) request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        using var limit = new CancellationTokenSource(options.Timeout, options.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
        var content = await BoundedBody.ReadAsync(response.Content, options.MaxResponseBytes, either.Token);
        var retry = response.Headers.RetryAfter;
        var wait = retry?.Delta ?? (retry?.Date is { } date ? date - options.Clock.GetUtcNow() : null);
        return new RestAnswer($"{method} {root}/{path}", (int)response.StatusCode, content, response.Headers.ETag?.ToString(), wait);
    }

    private static bool IsLost(Exception error, CancellationToken cancellation) =>
        error is HttpRequestException or IOException || (error is OperationCanceledException && !cancellation.IsCancellationRequested);

    private static IcebergException Unavailable(string what, Exception cause) => new(
        IcebergErrorKind.Unavailable, $"{what} had no answer: {(cause is OperationCanceledException ? "the server took too long" : cause.Message)} Check address, network and certificate, and try again.", cause);

    private static TimeSpan Pause(int attempt, TimeSpan? asked)
    {
        var pause = asked ?? FirstPause * Math.Pow(2, attempt - 1) * (0.5 + Random.Shared.NextDouble());
        return pause < TimeSpan.Zero ? TimeSpan.Zero : pause > LongestPause ? LongestPause : pause;
    }
}
