using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DataLake.Services.Tests.Notifier;

/// <summary>A request that the listener received.</summary>
internal sealed record ReceivedPost(string Path, IReadOnlyDictionary<string, string> Headers, byte[] Body);

/// <summary>A real web server (Kestrel) on a free port, answering as the test says.</summary>
internal sealed class WebhookListener : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentQueue<ReceivedPost> posts = new();

    private WebhookListener(WebApplication app) => this.app = app;

    public IReadOnlyCollection<ReceivedPost> Posts => posts;

    /// <summary>How to answer the next requests; 200 unless told.</summary>
    public Func<HttpContext, Task> Answer { get; set; } = _ => Task.CompletedTask;

    public static async Task<WebhookListener> StartAsync(TestCertificate? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0, endpoint =>
        {
            if (certificate is not null)
            {
                endpoint.UseHttps(certificate.Certificate);
            }
        }));
        var app = builder.Build();
        var listener = new WebhookListener(app);
        app.Run(listener.TakeAsync);
        await app.StartAsync();
        return listener;
    }

    public Uri At(string path)
    {
        var bound = new Uri(app.Urls.Single());
        return new Uri($"{bound.Scheme}://localhost:{bound.Port}{path}");
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        posts.Enqueue(new ReceivedPost(
            context.Request.Path, context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()), body.ToArray()));
        await Answer(context);
    }
}
