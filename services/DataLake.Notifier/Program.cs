using DataLake.Notifier;
using DataLake.ServiceDefaults;
using DataLake.ServiceDefaults.Messaging;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddNotifier();
builder.AddMessaging();

var app = builder.Build();
app.MapDefaultEndpoints();
await app.RunAsync();
