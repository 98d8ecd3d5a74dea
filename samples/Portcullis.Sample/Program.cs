// A service that has nothing to do with Git, opened to the same tokens. Run it with
//   dotnet run --project samples/Portcullis.Sample -- --authority http://127.0.0.1:7080
using Portcullis.AspNetCore;
using Portcullis.AspNetCore.Permissions;

var builder = WebApplication.CreateBuilder(args);

// The one line: tokens of this authority, its keys as they rotate, what it revokes, and no way in without.
builder.AddPortcullisTokens(builder.Configuration["authority"] ?? "http://127.0.0.1:7080");

var app = builder.Build();

// Who is asking? Any valid token will do.
app.MapGet("/whoami", (HttpContext http) => $"{http.User.Identity!.Name}\n");

// A word that the policy gives, as it gives permissions: roles: { observer: [ "metrics:read" ] }
app.MapGet("/metrics/{name}", (string name) => $"{name} is 42\n").RequireScope("metrics:read");

// What opens the repository opens its build log.
app.MapGet("/builds/{owner}/{repository}", (string owner, string repository) => $"{owner}/{repository}: built\n").RequireScope("git:{owner}/{repository}:pull");
app.MapPost("/builds/{owner}/{repository}", (string owner, string repository) => $"{owner}/{repository}: building\n").RequireScope("git:{owner}/{repository}:pull", "builds:start");

// For everyone.
app.MapGet("/healthz", () => "ok\n").AllowAnonymous();

app.Run();
