using DataLake.Scheduler;
using DataLake.ServiceDefaults;
using DataLake.ServiceDefaults.Messaging;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddScheduler();
builder.AddMessaging();

var app = builder.Build();
app.MapDefaultEndpoints();
await app.RunAsync();
