using System.Text.Json;
using System.Text.Json.Nodes;
using Portcullis.Server.Configuration;
using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Tests.Server.Configuration.Reference;

/// <summary>Writes the JSON schema of <c>portcullis.yaml</c> from the settings' types.</summary>
internal sealed class JsonSchema(SettingComments comments)
{
    private static readonly JsonSerializerOptions s_format = new()
    {
        WriteIndented = true, IndentSize = 2, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public string Write()
    {
        var schema = new JsonObject
        {
            ["$schema"] = "https://json-schema.org/draft/2020-12/schema",
            ["title"] = "portcullis.yaml",
            ["description"] = "The configuration of Portcullis. Generated from the program's settings.",
        };
        foreach (var (name, value) in Section(typeof(PortcullisConfiguration)).ToArray())
        {
            schema[name] = value?.DeepClone();
        }
        return schema.ToJsonString(s_format) + "\n";
    }

    private JsonObject Section(Type type)
    {
        var defaults = Activator.CreateInstance(type)!;
        var properties = new JsonObject();
        foreach (var setting in Setting.Of(type))
        {
            var schema = Of(setting.Type, setting);
            var described = new JsonObject { ["description"] = comments.Of(setting.Property) };
            foreach (var (name, value) in schema.ToArray())
            {
                described[name] = value?.DeepClone();
            }
            if (setting.Attribute<DefaultTextAttribute>() is null && Default(setting, defaults) is { } given)
            {
                described["default"] = given;
            }
            properties[setting.Key] = described;
        }
        var section = new JsonObject { ["type"] = "object", ["additionalProperties"] = false, ["properties"] = properties };
        var required = Setting.Of(type).Where(setting => setting.IsRequired).Select(setting => (JsonNode)setting.Key).ToArray();
        if (required.Length > 0)
        {
            section["required"] = new JsonArray(required);
        }
        return section;
    }

    private JsonObject Of(Type type, Setting setting) => Setting.KindOf(type) switch
    {
        SettingKind.Section => Section(type),
        SettingKind.List => new JsonObject { ["type"] = "array", ["items"] = Of(Setting.ItemOf(type), setting) },
        SettingKind.Map => new JsonObject { ["type"] = "object", ["additionalProperties"] = new JsonObject { ["type"] = "string" } },
        SettingKind.Flag => new JsonObject { ["type"] = "boolean" },
        SettingKind.Choice => new JsonObject { ["enum"] = new JsonArray([.. ValueReader.Words(type).Select(word => (JsonNode)word)]) },
        SettingKind.Duration => new JsonObject { ["type"] = new JsonArray("string", "integer"), ["pattern"] = Durations.Pattern, ["maximum"] = 0, ["minimum"] = 0 },
        SettingKind.Number when setting.Has<SizeAttribute>() => new JsonObject { ["type"] = new JsonArray("integer", "string"), ["pattern"] = Sizes.Pattern, ["minimum"] = 0 },
        SettingKind.Number when setting.Attribute<BetweenAttribute>() is { OrZero: false } between => new JsonObject
        {
            ["type"] = "integer", ["minimum"] = long.Parse(between.Least), ["maximum"] = long.Parse(between.Most),
        },
        SettingKind.Number => new JsonObject { ["type"] = "integer", ["minimum"] = 0 },
        _ when setting.Attribute<OneOfAttribute>() is { } words => new JsonObject { ["enum"] = new JsonArray([.. words.Words.Select(word => (JsonNode)word)]) },
        _ when setting.Has<PermissionsAttribute>() => new JsonObject { ["type"] = "string", ["pattern"] = "^[A-Za-z][A-Za-z0-9._-]*:" },
        _ => new JsonObject { ["type"] = "string" },
    };

    private static JsonNode? Default(Setting setting, object section) => setting.Property.GetValue(section) switch
    {
        null => null,
        string text => setting.IsRequired ? null : text,
        bool flag => flag,
        TimeSpan duration => Durations.Format(duration),
        int or long when setting.Has<SizeAttribute>() => Sizes.Format(Convert.ToInt64(setting.Property.GetValue(section))),
        int number => number,
        long number => number,
        Enum choice => JsonNamingPolicy.CamelCase.ConvertName(choice.ToString()),
        IReadOnlyList<string> texts => new JsonArray([.. texts.Select(text => (JsonNode)text)]),
        _ => null,
    };
}
