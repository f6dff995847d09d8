using System.Reflection;
using DataLake.ServiceDefaults.Configuration;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace DataLake.ServiceDefaults.Messaging;

/// <summary>The one place that knows which transport carries messages.</summary>
public static class MessagingSetup
{
    private static readonly object ConsumersKey = new();

    /// <summary>Adds the consumers of a service's assembly (with the definitions beside them) to the bus that <see cref="AddMessaging"/> sets up.</summary>
    public static void AddConsumersFrom(this IHostApplicationBuilder builder, Assembly assembly)
    {
        ArgumentNullException.ThrowIfNull(builder);
        Consumers(builder).Add(assembly);
    }

    /// <summary>Sets up the bus for the consumers added so far. Call it after every service was added.</summary>
    /// <exception cref="InvalidOperationException">The configured transport is not known.</exception>
    public static void AddMessaging(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var transport = builder.Configuration.GetSection(DataLakeOptions.Section)[nameof(DataLakeOptions.Transport)] ?? "in-memory";
        builder.Services.AddMassTransit(bus =>
        {
            bus.SetKebabCaseEndpointNameFormatter();
            foreach (var assembly in Consumers(builder))
            {
                bus.AddConsumers(assembly);
            }

            switch (transport)
            {
                case "in-memory":
                    bus.UsingInMemory((context, endpoints) => endpoints.ConfigureEndpoints(context));
                    break;
                default:
                    throw new InvalidOperationException($"The transport '{transport}' is not known; DataLake:Transport can be: in-memory.");
            }
        });
        // In flight work ends by itself or by its lease; a stop does not wait for whole windows.
        builder.Services.Configure<MassTransitHostOptions>(options =>
        {
            options.WaitUntilStarted = true;
            options.StopTimeout = TimeSpan.FromSeconds(20);
            options.ConsumerStopTimeout = TimeSpan.FromSeconds(15);
        });
    }

    private static HashSet<Assembly> Consumers(IHostApplicationBuilder builder)
    {
        if (!builder.Properties.TryGetValue(ConsumersKey, out var found))
        {
            builder.Properties[ConsumersKey] = found = new HashSet<Assembly>();
        }

        return (HashSet<Assembly>)found;
    }
}
