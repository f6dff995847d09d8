using DataLake.Extractor;
using DataLake.ServiceDefaults;
using DataLake.ServiceDefaults.Messaging;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddExtractor();
builder.AddMessaging();

var app = builder.Build();
app.MapDefaultEndpoints();
await app.RunAsync();
