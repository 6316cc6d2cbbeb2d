package io.kubelet.cert.test;

import java.util.function.Function;

import com.google.gson.JsonObject;

/**
 * A column of a table, as {@code kubectl get} prints it.
 *
 * @param name its heading
 * @param value the text of its cell for an object
 */
record TableColumn(String name, Function<JsonObject, String> value) {

}
